-- The table first: a type cannot be dropped while a column has it.
DROP TABLE reports;
DROP TYPE report_kind;
