-- Take back what an earlier declaration gave in this database. Parameters: {{role}}, {{database}}.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {{role}};
REVOKE ALL ON DATABASE {{database}} FROM {{role}};
GRANT CONNECT ON DATABASE {{database}} TO {{role}};
