"""Movies that are JSON documents in Redis, kept in a collection of MongoDB.

    db.movies.createIndex({movieId: 1}, {unique: true})

    regear host recipes/mongo_json_write_behind.py --redis redis://127.0.0.1:6379 \
        --set MongoUrl=mongodb://127.0.0.1:27017/

    redis-cli JSON.SET MovieEntity:1 $ '{"title": "Alien", "released": 1979}'

Redis needs the module RedisJSON, loaded before regear. The movie above becomes
{movieId: "1", title: "Alien", released: 1979} in the database app.
"""

from rgsync import RGJSONWriteBehind
from rgsync.Connectors import MongoConnection, MongoConnector

url = gearsConfigGet("MongoUrl", "mongodb://127.0.0.1:27017/")

connection = MongoConnection("", "", "", "", url)
movies = MongoConnector(connection, "app", "movies", "movieId")

RGJSONWriteBehind(
    GB,
    keysPrefix="MovieEntity",
    connector=movies,
    name="MoviesWriteBehind",
    version="99.99.99",
)
