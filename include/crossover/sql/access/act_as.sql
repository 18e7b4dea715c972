-- Every session of the login begins as the owner, so that whatever it makes is the owner's. Parameters: {{owner}}, {{role}}.
GRANT {{owner}} TO {{role}} WITH INHERIT TRUE, SET TRUE;
ALTER ROLE {{role}} SET role = '{{owner}}';
