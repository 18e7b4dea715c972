-- Parameters: {{verbs}}, {{table}}, {{role}}.
GRANT {{verbs}} ON public.{{table}} TO {{role}}
