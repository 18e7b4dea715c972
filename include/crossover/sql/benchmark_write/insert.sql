-- One or many rows. Parameters: table, columns; rows = one parenthesised list of markers a row. Not in braces here:
-- a marker in a comment would be a marker to the driver.
INSERT INTO {{table}} ({{columns}}) VALUES {{rows}}
