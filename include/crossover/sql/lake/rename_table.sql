-- Parameters: {{table}}, {{name}} = its new name.
ALTER TABLE {{table}} RENAME TO {{name}}
