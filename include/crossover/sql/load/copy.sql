-- Rows of one day straight into its partition, past the parent's routing. {{columns}} in the order of the stream.
COPY {{schema}}.{{partition}} ({{columns}}) FROM STDIN (FORMAT BINARY);
