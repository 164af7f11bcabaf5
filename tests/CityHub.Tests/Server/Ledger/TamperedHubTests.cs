using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Crypto;
using CityHub.Server.Configuration;
using CityHub.Server.Ledger;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Facts;
using CityHub.Tests.Flows;
using CityHub.Tests.Storage.Embedded;
using CsCheck;
using Microsoft.Data.Sqlite;

namespace CityHub.Tests.Server.Ledger;

/// <summary>
/// An administrator who knows the files: he changes what a fact or a view says and makes its checksums good again. The audit names the fact, or the view. What is done
/// to the files of the log is in LogCheckTests, what is done to witnesses in TwoFacesTests.
/// </summary>
public sealed class TamperedHubTests : IDisposable
{
    private static readonly string[] Columns = ["payload", "payload", "salt", "at", "version", "type", "stream"];
    private readonly TestFolder _folder = new();

    private string Data => _folder.File("data");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_bit_of_any_fact_that_was_changed_with_its_checksum_is_found_and_the_fact_is_named()
    {
        var facts = await RunHubAsync();
        var changes =
            from position in Gen.Long[1, facts - 1]
            from column in Gen.Int[0, Columns.Length - 1]
            from at in Gen.Int[0, 1_000_000]
            from bit in Gen.Int[0, 7]
            select (position, Columns[column], at, bit);
        changes.Sample(
            change =>
            {
                var (position, column, at, bit) = change;
                var good = Row.Read(Data, position);
                var bad = good.With(column, at, bit);
                bad.Write(Data, position);
                var said = Audit();
                good.Write(Data, position);
                Assert.True(said is not null, $"{column} of fact {position} was changed and nothing was said");
                Assert.Contains($"act {position}", said, StringComparison.OrdinalIgnoreCase);
            },
            iter: 150,
            threads: 1);
        Assert.Null(Audit());
    }

    [Fact]
    public async Task Facts_that_changed_places_or_were_removed_are_found()
    {
        var facts = await RunHubAsync();
        var swaps =
            from one in Gen.Long[1, facts - 1]
            from other in Gen.Long[1, facts - 1]
            where one != other
            select (one, other);
        swaps.Sample(
            swap =>
            {
                var (a, b) = (Row.Read(Data, swap.one), Row.Read(Data, swap.other));
                b.Write(Data, swap.one);
                a.Write(Data, swap.other);
                var said = Audit();
                a.Write(Data, swap.one);
                b.Write(Data, swap.other);
                Assert.Contains($"act {Math.Min(swap.one, swap.other)}", said, StringComparison.OrdinalIgnoreCase);
            },
            iter: 30,
            threads: 1);

        for (var position = 2L; position < facts; position += facts / 9)
        {
            var good = Row.Read(Data, position);
            Execute(Data, "facts.db", "DELETE FROM facts WHERE position = $p", ("$p", position));
            Assert.NotNull(Audit());
            good.Insert(Data, position);
        }

        Assert.Null(Audit());
    }

    [Fact]
    public async Task A_view_that_was_changed_is_found()
    {
        await RunHubAsync();
        const string view = "view = (SELECT id FROM views WHERE name = 'acts-by-tag')";
        var blocks = new List<(string Key, byte[] Entries)>();
        using (var db = Open(Data, "views.db"))
        {
            using var read = db.CreateCommand();
            read.CommandText = $"SELECT key, value FROM entries WHERE {view} ORDER BY key";
            using var rows = read.ExecuteReader();
            while (rows.Read())
                blocks.Add((rows.GetString(0), (byte[])rows[1]));
        }

        Assert.True(blocks.Count > 8);
        foreach (var (key, entries) in blocks.Where((_, i) => i % 2 == 0))
        {
            // The act is shown to another person, hidden from its own, or was made up; entries are half a tag and a position.
            byte[] other = [.. entries];
            other[0] ^= 1;
            foreach (var forged in new[] { other, entries[..^16], [.. entries, .. entries[..8], 1, 0, 0, 0, 0, 0, 0, 0] })
            {
                Put(key, forged);
                Assert.Contains("acts by person", Audit(), StringComparison.Ordinal);
            }

            Put(key, entries);
        }

        Assert.Null(Audit());

        void Put(string key, byte[] entries) => Execute(Data, "views.db", $"UPDATE entries SET value = $v WHERE {view} AND key = $k", ("$k", key), ("$v", entries));
    }

    /// <summary>The first thing that is wrong; null where everything checks.</summary>
    private string? Audit()
    {
        SqliteConnection.ClearAllPools();
        // Opening checks the end of the log by itself; here only its last fact, so that the audit has the rest to find.
        var opened = EmbeddedStore.Open(Data, TimeProvider.System, new EmbeddedOptions { TailFacts = 1 });
        if (!opened.TryGet(out var store, out var problem))
            return problem.Detail;
        try
        {
            return new HubAudit(store, TimeProvider.System).Run(null, TestContext.Current.CancellationToken).FirstOrDefault(step => step.Divergence is not null) is { } wrong
                ? $"{wrong.Name}: {wrong.Divergence}"
                : null;
        }
        finally
        {
            store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Entities, and acts about persons. Returns how many facts have leaves.</summary>
    private async Task<long> RunHubAsync()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Data = Data, Ledger = new LedgerConfig { Suites = SuiteRequirement.Both } });
        for (var i = 0; i < 40; i++)
        {
            var answer = await hub.SendAsync(HttpMethod.Post, "/ngsi-ld/v1/entityOperations/upsert", $$"""[ { "id": "urn:ngsi-ld:Lamp:{{i % 7}}", "type": "Lamp", "power": { "type": "Property", "value": {{i}} } } ]""");
            Assert.True((int)answer.Status is 201 or 204, answer.Text);
            var act = new Act("DataAccessed", """{"office":"health"}"""u8.ToArray()) { Subjects = [new ActSubject($"person {i % 11}", """{"field":"income"}"""u8.ToArray())] };
            Assert.True((await hub.Hub.Store.Acts.RecordAsync(act, TestContext.Current.CancellationToken)).Ok);
        }

        Assert.Single(hub.Hub.Store.Acts.Of("person 3").Take(1));
        await hub.Hub.StopAsync();
        Assert.Null(Audit());
        using var db = Open(Data, "facts.db");
        using var count = db.CreateCommand();
        count.CommandText = "SELECT max(position) FROM facts";
        return (long)(count.ExecuteScalar() ?? 0L);
    }

    private static SqliteConnection Open(string folder, string file)
    {
        var db = new SqliteConnection($"Data Source={Path.Combine(folder, file)};Pooling=False");
        db.Open();
        return db;
    }

    private static void Execute(string folder, string file, string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        using var db = Open(folder, file);
        using var command = db.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    /// <summary>A fact as it lies in the file, and the checksum that goes with it.</summary>
    private sealed record Row(long Stream, long Version, long Type, long At, byte[] Salt, byte[] Payload)
    {
        public static Row Read(string folder, long position)
        {
            using var db = Open(folder, "facts.db");
            using var command = db.CreateCommand();
            command.CommandText = "SELECT stream, version, type, at, salt, payload FROM facts WHERE position = $p";
            command.Parameters.AddWithValue("$p", position);
            using var row = command.ExecuteReader();
            Assert.True(row.Read());
            return new Row(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), (byte[])row[4], (byte[])row[5]);
        }

        public Row With(string column, int at, int bit) => column switch
        {
            "payload" when Payload.Length > 0 => this with { Payload = Flip(Payload, at, bit) },
            "payload" or "salt" => this with { Salt = Flip(Salt, at, bit) },
            "at" => this with { At = At ^ (1L << (bit + 10)) },
            "version" => this with { Version = Version + 1 },
            "type" => this with { Type = Type == 1 ? 2 : 1 },
            _ => this with { Stream = Stream == 1 ? 2 : 1 },
        };

        public void Write(string folder, long position) => Execute(
            folder, "facts.db", "UPDATE facts SET stream = $s, version = $v, type = $t, at = $a, salt = $salt, payload = $payload, row_check = $c WHERE position = $p", Values(position));

        public void Insert(string folder, long position) => Execute(
            folder, "facts.db", "INSERT INTO facts(stream, version, type, at, salt, payload, row_check, position) VALUES($s, $v, $t, $a, $salt, $payload, $c, $p)", Values(position));

        private (string, object)[] Values(long position) =>
        [
            ("$s", Stream), ("$v", Version), ("$t", Type), ("$a", At), ("$salt", Salt), ("$payload", Payload), ("$p", position),
            ("$c", (long)RowCheck.Of(position, Stream, Version, Type, At, Salt, Payload)),
        ];

        private static byte[] Flip(byte[] bytes, int at, int bit)
        {
            byte[] flipped = [.. bytes];
            flipped[at % bytes.Length] ^= (byte)(1 << bit);
            return flipped;
        }
    }
}
