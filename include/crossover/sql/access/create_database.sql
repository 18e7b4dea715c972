-- Parameters: {{database}}, {{owner}}.
CREATE DATABASE {{database}} OWNER {{owner}}
