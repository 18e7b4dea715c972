-- The roles that login %(role)s is a member of.
SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
WHERE l.rolname = %(role)s
