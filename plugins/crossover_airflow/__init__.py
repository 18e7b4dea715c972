"""How this house uses Airflow: one operator, shared defaults, the services that DAGs ask, the results page."""
