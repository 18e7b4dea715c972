-- Rows as text. Parameters: {{table}}, {{columns}} in the order of the stream.
COPY {{table}} ({{columns}}) FROM STDIN
