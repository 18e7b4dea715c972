-- Rows in PostgreSQL's binary form. Parameters: {{table}}, {{columns}} in the order of the stream.
COPY {{table}} ({{columns}}) FROM STDIN (FORMAT BINARY)
