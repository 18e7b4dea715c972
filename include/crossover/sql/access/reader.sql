-- What the owner makes from now on can be read by the readers. Parameters: {{owner}}, {{reader}}.
ALTER DEFAULT PRIVILEGES FOR ROLE {{owner}} GRANT USAGE ON SCHEMAS TO {{reader}};
ALTER DEFAULT PRIVILEGES FOR ROLE {{owner}} GRANT SELECT ON TABLES TO {{reader}};
