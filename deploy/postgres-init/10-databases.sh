#!/bin/bash
# One database and one role for each service, none of which can enter another's. Run once, by the PostgreSQL image,
# when its data directory is made.
set -euo pipefail
for service in jobs assets scenes render gateway; do
    variable=${service^^}_DATABASE_PASSWORD
    # The password goes through the environment, where no list of processes shows it.
    PASSWORD=${!variable:?} psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 -v name="$service" -U "${POSTGRES_USER:-postgres}" -d postgres <<'SQL'
\getenv password PASSWORD
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
# What comes with the server is the administrator's alone.
psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres \
    -c 'REVOKE ALL ON DATABASE postgres FROM PUBLIC' -c 'REVOKE ALL ON DATABASE template1 FROM PUBLIC'
