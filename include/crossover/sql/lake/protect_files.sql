-- The files belong to another table: nothing that is done to this one may delete them. Parameters: {{table}}.
ALTER TABLE {{table}} SET TBLPROPERTIES ('gc.enabled' = 'false')
