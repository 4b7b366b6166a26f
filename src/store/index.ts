/** PostgreSQL: the embedded server, the schema, and the writer that puts the journal into it once and only once. */
export {}
