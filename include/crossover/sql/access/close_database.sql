-- Nobody enters a database who was not let in. Parameters: {{database}}, {{owner}}.
ALTER DATABASE {{database}} OWNER TO {{owner}};
REVOKE ALL ON DATABASE {{database}} FROM PUBLIC;
