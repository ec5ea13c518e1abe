"""Result files as tables, plots and samples, for the report and for documents."""
