-- Parameters: {{reader}}, {{role}}.
GRANT {{reader}} TO {{role}} WITH INHERIT TRUE, SET FALSE
