-- The namespace of one dataset. Parameters: {{namespace}}.
CREATE NAMESPACE IF NOT EXISTS {{namespace}}
