-- An empty namespace goes. Parameters: {{namespace}}.
DROP NAMESPACE IF EXISTS {{namespace}}
