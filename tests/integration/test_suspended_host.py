"""A host that is suspended in the middle of a transaction."""

from __future__ import annotations

from tests.integration._servers import wait_for


def test_locks_of_a_suspended_host_end(
    redis_with_module, host, postgres_recipe, postgres
):
    """Its successor would wait for the checkpoint's row for ever."""
    postgres.execute(
        "CREATE TABLE seen (setting text); GRANT ALL ON seen TO writer;"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO seen VALUES"
        " (current_setting('idle_in_transaction_session_timeout'));"
        " RETURN NULL; END $$;"
        "CREATE TRIGGER note AFTER INSERT ON persons"
        " FOR EACH ROW EXECUTE FUNCTION note()"
    )
    redis_with_module.execute(postgres_recipe())
    redis_with_module.client.hset("person:1", "age", 36)
    wait_for(lambda: postgres.execute("SELECT setting FROM seen") == [("10s",)])
