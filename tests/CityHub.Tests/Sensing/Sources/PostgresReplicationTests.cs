using System.Globalization;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sensing.Sources;
using CityHub.Tests.Sharing.Catalogue;
using CsCheck;

namespace CityHub.Tests.Sensing.Sources;

/// <summary>One real server for all of them, with wal_level=logical; each has tables, a publication and a slot of its own.</summary>
public sealed class PostgresReplicationTests(PostgresReplicationTests.Database database) : IClassFixture<PostgresReplicationTests.Database>
{
    private const string People = "no text PRIMARY KEY, town text, married boolean, code char(4), address inet, note text";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PostgresUnderTest Server => database.Server;

    [Fact]
    public async Task The_table_comes_once_and_then_what_was_added_changed_and_deleted()
    {
        await MakeAsync("a", "INSERT INTO a VALUES ('1', 'x', true, 'ab', '10.0.0.1', NULL), ('2', 'y', false, 'abcd', '10.0.0.0/8', ''), ('3', NULL, NULL, NULL, NULL, 'n')");
        await using var city = await FollowedAsync("a");

        Assert.Equal(3, (await city.TurnAsync()).Value?.Taken);
        Assert.Equal(await RowsAsync("a"), await city.RowsAsync());
        await Server.DoAsync("BEGIN; DELETE FROM a WHERE no = '1'; UPDATE a SET town = 'Y', married = true, code = 'c' WHERE no = '2'; INSERT INTO a VALUES ('4', 'z', false, 'x', 'fe80::1', 'long'); COMMIT");
        var turn = (await city.TurnAsync()).Value;
        Assert.Equal((2, 1), (turn?.Taken, turn?.Gone));
        Assert.Equal(await RowsAsync("a"), await city.RowsAsync());

        var facts = city.Facts;
        Assert.Null((await city.TurnAsync()).Value);
        Assert.Equal(facts, city.Facts);
        Assert.Equal(2, city.Deliveries.Count);
        Assert.Equal((2L, 1L), (city.Deliveries[^1].What.Rows, city.Deliveries[^1].What.Gone));
    }

    /// <summary>The server forgets nothing that is not noted, and what comes again stands already.</summary>
    [Fact]
    public async Task What_was_delivered_and_not_noted_comes_again_and_counts_once()
    {
        await MakeAsync("b", "INSERT INTO b VALUES ('1'), ('2'), ('3')");
        await using var city = await FollowedAsync("b");
        await city.TurnAsync();
        await Server.DoAsync("DELETE FROM b WHERE no = '2'; INSERT INTO b VALUES ('5', 'x'); UPDATE b SET no = '6' WHERE no = '3'");
        city.Tear = true;
        Assert.NotNull((await city.TurnAsync()).Problem);
        Assert.Equal(await RowsAsync("b"), await city.RowsAsync());
        await city.RestartAsync();
        await Server.DoAsync("DELETE FROM b WHERE no = '5'");

        var turn = (await city.TurnAsync()).Value;
        Assert.Equal((0, 1), (turn?.Taken, turn?.Gone));
        // Rows that only went are a delivery that was not judged, and not one that only added rows.
        Assert.Equal((false, (double?)null), (city.Marks[^1].AllRefused, city.Marks[^1].Score));
        Assert.False(city.OnlyAppendedSince(city.Deliveries[^2].Position));
        Assert.Equal(await RowsAsync("b"), await city.RowsAsync());
        Assert.Equal(3, city.Deliveries.Count);
        Assert.Null((await city.TurnAsync()).Value);
        Assert.Equal(city.Source.Watermark?.Split(':')[1], await Server.AskAsync("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'cityhub_b'"));
    }

    [Fact]
    public async Task A_change_that_nets_to_nothing_is_no_delivery_and_is_not_looked_at_again()
    {
        await MakeAsync("c", "INSERT INTO c VALUES ('1', 'x')");
        await using var city = await FollowedAsync("c");
        await city.TurnAsync();
        await Server.DoAsync("UPDATE c SET town = 'y';\nUPDATE c SET town = 'x'; INSERT INTO c VALUES ('2'); DELETE FROM c WHERE no = '2'");
        var before = city.Source.Watermark;
        Assert.Null((await city.TurnAsync()).Value);
        Assert.Single(city.Deliveries);
        Assert.NotEqual(before, city.Source.Watermark);
    }

    [Theory]
    [InlineData("TRUNCATE {0}; INSERT INTO {0} VALUES ('9', 'new')")]
    [InlineData("TRUNCATE {0}")]
    [InlineData("DROP TABLE {0}; CREATE TABLE {0} (" + People + "); INSERT INTO {0} VALUES ('8', 'other'); ALTER PUBLICATION {0}_pub ADD TABLE {0}")]
    [InlineData("SELECT pg_drop_replication_slot('cityhub_{0}');\nDELETE FROM {0} WHERE no = '2'")]
    [InlineData("DELETE FROM {0} WHERE no = '2';\nSELECT pg_replication_slot_advance('cityhub_{0}', pg_current_wal_lsn())")]
    [InlineData("UPDATE {0} SET town = 'moved' WHERE no = '1'")]
    [InlineData("ALTER TABLE {0} ALTER town TYPE text USING upper(town)")]
    [InlineData("ALTER PUBLICATION {0}_pub DROP TABLE {0};\nDELETE FROM {0} WHERE no = '2';\nALTER PUBLICATION {0}_pub ADD TABLE {0}")]
    [InlineData("ALTER PUBLICATION {0}_pub SET (publish = 'insert');\nDELETE FROM {0} WHERE no = '2';\nALTER PUBLICATION {0}_pub SET (publish = 'insert, update, delete, truncate')")]
    [InlineData("DROP PUBLICATION {0}_pub;\nINSERT INTO {0} VALUES ('6', 'w');\nCREATE PUBLICATION {0}_pub FOR TABLE {0}")]
    [InlineData("ALTER TABLE {0} REPLICA IDENTITY FULL;\nDELETE FROM {0} WHERE no = '2';\nALTER TABLE {0} REPLICA IDENTITY DEFAULT")]
    public async Task Where_the_changes_do_not_say_what_is_there_the_whole_table_is_read(string what)
    {
        var name = "d" + Guid.NewGuid().ToString("N")[..8];
        // Compressed or not, it is stored outside the row, and an update of another column does not send it.
        await MakeAsync(name, $"ALTER TABLE {name} ALTER note SET STORAGE EXTERNAL; INSERT INTO {name} VALUES ('1', 'x', true, 'ab', NULL, repeat('长', 20000)); INSERT INTO {name} VALUES ('2', 'y')");
        await using var city = await FollowedAsync(name);
        await city.TurnAsync();
        await Server.DoAsync(string.Format(CultureInfo.InvariantCulture, what, name));
        await city.TurnAsync();
        Assert.Equal(await RowsAsync(name), await city.RowsAsync());
        Assert.Equal(WriteMode.Replace, city.Deliveries[^1].What.Mode);
        await Server.DoAsync($"INSERT INTO {name} VALUES ('7', 'after')");
        await city.TurnAsync();
        Assert.Equal(await RowsAsync(name), await city.RowsAsync());
        Assert.Equal(WriteMode.Upsert, city.Deliveries[^1].What.Mode);
    }

    [Fact]
    public async Task A_server_that_is_behind_what_was_noted_is_a_copy_and_is_read_whole()
    {
        await MakeAsync("m", "INSERT INTO m VALUES ('1', 'x'), ('2', 'y')");
        await using var city = await FollowedAsync("m");
        await city.TurnAsync();
        var noted = ReplicationPosition.Read(city.Source.Watermark) ?? throw new InvalidOperationException();
        Assert.Null((await city.Book.NothingAsync(city.Source.Source, (noted with { UpTo = NpgsqlTypes.NpgsqlLogSequenceNumber.Parse("FFFF/0") }).ToString())).Problem);
        await Server.DoAsync("DELETE FROM m WHERE no = '1'");
        await city.TurnAsync();
        Assert.Equal(await RowsAsync("m"), await city.RowsAsync());
        Assert.Equal(WriteMode.Replace, city.Deliveries[^1].What.Mode);
    }

    [Fact]
    public async Task Rows_of_partitions_come_through_their_table_and_those_of_heirs_do_not()
    {
        await Server.DoAsync($"CREATE TABLE n ({People}) PARTITION BY LIST (no); CREATE TABLE n1 PARTITION OF n FOR VALUES IN ('1'); CREATE TABLE n2 PARTITION OF n DEFAULT; INSERT INTO n VALUES ('1', 'x'), ('2', 'y'); CREATE PUBLICATION n_pub FOR TABLE n WITH (publish_via_partition_root)");
        await using var parts = await FollowedAsync("n");
        await parts.TurnAsync();
        await Server.DoAsync("INSERT INTO n VALUES ('3', 'z');\nUPDATE n SET no = '4' WHERE no = '1'");
        await parts.TurnAsync();
        Assert.Equal(await RowsAsync("n"), await parts.RowsAsync());
        Assert.Equal(WriteMode.Upsert, parts.Deliveries[^1].What.Mode);
        await Server.DoAsync("TRUNCATE n2");
        await parts.TurnAsync();
        Assert.Equal(await RowsAsync("n"), await parts.RowsAsync());

        await Server.DoAsync($"CREATE TABLE o ({People}); CREATE TABLE o_heir (PRIMARY KEY (no)) INHERITS (o); INSERT INTO o VALUES ('1', 'x'); INSERT INTO o_heir VALUES ('2', 'y'); CREATE PUBLICATION o_pub FOR TABLE ONLY o");
        await using var heirs = await FollowedAsync("o");
        await heirs.TurnAsync();
        Assert.Equal(["1"], (await heirs.RowsAsync()).Select(r => r.Split('|')[0]));
    }

    /// <summary>A policy would hide rows of the whole table, and of the changes none.</summary>
    [Fact]
    public async Task Where_rows_are_hidden_from_the_user_nothing_is_read()
    {
        await MakeAsync("p", "INSERT INTO p VALUES ('1', 'x'), ('2', 'y'); ALTER TABLE p ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON p USING (no = '1'); CREATE ROLE seer LOGIN REPLICATION; GRANT SELECT ON p TO seer");
        await using var city = await FollowedAsync("p", user: "seer");
        Assert.Contains("row-level security", (await city.TurnAsync()).Problem?.Detail, StringComparison.Ordinal);
        Assert.Equal("0", await Server.AskAsync("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'cityhub_p'"));
    }

    /// <summary>As it would be after the whole table was read: a row that breaks the standard is not taken.</summary>
    [Fact]
    public async Task A_row_that_a_change_makes_unfit_does_not_stay_as_it_was()
    {
        await Server.DoAsync("CREATE TABLE q (no text PRIMARY KEY, married text); INSERT INTO q VALUES ('1', 'true'), ('2', 'false'); CREATE PUBLICATION q_pub FOR TABLE q");
        await using var city = await FollowedAsync("q");
        await city.TurnAsync();
        await Server.DoAsync("UPDATE q SET married = 'perhaps' WHERE no = '1'");
        var turn = (await city.TurnAsync()).Value;
        Assert.Equal((0, 1, 1), (turn?.Taken, turn?.Gone, turn?.Refused));
        Assert.Equal(["2"], (await city.RowsAsync()).Select(r => r.Split('|')[0]));
    }

    [Fact]
    public async Task Under_another_mapping_of_the_same_name_no_row_stays_under_its_old_key()
    {
        await MakeAsync("s", "ALTER TABLE s ADD id int; ALTER TABLE s REPLICA IDENTITY FULL; INSERT INTO s (no, id, town) VALUES ('1', 11, 'x'), ('2', 22, 'y')");
        await using var city = await FollowedAsync("s", """ "mapping": "by-id", "columns": ["id", "town", "note"], """);
        await city.TurnAsync();
        city.Digits = 6;
        await Server.DoAsync("UPDATE s SET town = 'X' WHERE no = '1'");
        await city.TurnAsync();
        Assert.Equal(["000011|X", "000022|y"], (await city.RowsAsync()).Select(r => string.Join('|', r.Split('|')[..2])));
    }

    [Fact]
    public async Task Domains_xml_and_addresses_are_the_same_whether_read_whole_or_by_a_change()
    {
        await Server.DoAsync("""
            CREATE DOMAIN truth AS boolean; CREATE DOMAIN verity AS truth; SET xmloption = content;
            CREATE TABLE t (no text PRIMARY KEY, town text, married verity, code xml, address inet, note text);
            INSERT INTO t VALUES ('1', 'x', true, '<?xml version="1.0"?><a/>', '::1', 'n'); CREATE PUBLICATION t_pub FOR TABLE t
            """);
        const string Columns = """ "columns": ["no", "town", "married", "code", "address", "note"], """;
        await using var whole = await FollowedAsync("t", Columns);
        await whole.TurnAsync();
        var before = await whole.RowsAsync();
        Assert.Equal(["1|x|true|<a/>|::1/128|n"], before);
        await Server.DoAsync("DELETE FROM t;\nINSERT INTO t VALUES ('1', 'x', true, '<?xml version=\"1.0\"?><a/>', '::1', 'n')");
        Assert.Null((await whole.TurnAsync()).Value);
        Assert.Equal(before, await whole.RowsAsync());
    }

    [Fact]
    public async Task Long_keys_are_told_apart()
    {
        await MakeAsync("u", "ALTER TABLE u ALTER no SET STORAGE EXTERNAL; ALTER TABLE u REPLICA IDENTITY FULL; INSERT INTO u VALUES (repeat('a', 2400), 'x'), (repeat('b', 2400), 'y')");
        await using var city = await FollowedAsync("u");
        await city.TurnAsync();
        await Server.DoAsync("UPDATE u SET town = town || '!'");
        await city.TurnAsync();
        Assert.Equal(await RowsAsync("u"), await city.RowsAsync());
        Assert.Equal(WriteMode.Upsert, city.Deliveries[^1].What.Mode);
    }

    [Fact]
    public async Task A_key_index_that_carries_other_columns_is_a_key_and_a_key_that_is_not_unique_is_none()
    {
        await Server.DoAsync("CREATE TABLE v (no text, town text, id int PRIMARY KEY); ALTER TABLE v REPLICA IDENTITY FULL; INSERT INTO v VALUES ('1', 'x', 1); CREATE PUBLICATION v_pub FOR TABLE v; CREATE TABLE w (no text, town text, PRIMARY KEY (no) INCLUDE (town)); INSERT INTO w VALUES ('1', 'x'); CREATE PUBLICATION w_pub FOR TABLE w");
        await using var loose = await FollowedAsync("v");
        Assert.Contains("Two rows of v can have the same no", Replicated(await loose.TurnAsync()).Detail, StringComparison.Ordinal);
        await Server.DoAsync("CREATE UNIQUE INDEX ON v (no)");
        Assert.Equal(1, (await loose.TurnAsync()).Value?.Taken);
        await using var carried = await FollowedAsync("w");
        Assert.Equal(1, (await carried.TurnAsync()).Value?.Taken);
    }

    [Fact]
    public async Task A_dataset_with_a_new_column_is_filled_by_the_whole_table()
    {
        await MakeAsync("x", "INSERT INTO x VALUES ('1', 'x')");
        await using var city = await FollowedAsync("x");
        await city.TurnAsync();
        await city.AddColumnAsync("more");
        await Server.DoAsync("INSERT INTO x VALUES ('2', 'y')");
        await city.TurnAsync();
        Assert.Equal(["1|x", "2|y"], (await city.RowsAsync()).Select(r => string.Join('|', r.Split('|')[..2])));
        Assert.Equal(WriteMode.Replace, city.Deliveries[^1].What.Mode);
    }

    [Fact]
    public async Task A_table_that_is_not_given_any_more_leaves_no_slot()
    {
        await MakeAsync("y", "INSERT INTO y VALUES ('1', 'x')");
        await using var city = await FollowedAsync("y");
        await city.TurnAsync();
        await Server.DoAsync("DROP PUBLICATION y_pub");
        Replicated(await city.TurnAsync());
        Assert.Equal("0", await Server.AskAsync("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'cityhub_y'"));
    }

    [Fact]
    public async Task A_dataset_that_takes_nothing_any_more_leaves_no_slot()
    {
        await MakeAsync("aa", "INSERT INTO aa VALUES ('1', 'x')");
        await using var city = await FollowedAsync("aa");
        await city.TurnAsync();
        city.Untaken = SourceProblems.NotASource.Because("not now");
        Assert.NotNull((await city.TurnAsync()).Problem);
        Assert.Equal("0", await Server.AskAsync("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'cityhub_aa'"));
        city.Untaken = null;
        Assert.Equal(1, (await city.TurnAsync()).Value?.Taken);
    }

    /// <summary>It may be written before the slot begins, and not be seen yet.</summary>
    [Fact]
    public async Task Before_the_whole_table_is_read_every_transaction_that_began_is_seen()
    {
        await MakeAsync("bb", "");
        var source = SourceDeclaration.Read("bb", System.Text.Encoding.UTF8.GetBytes($$"""{"dataset": "d", "kind": "postgres", "connection": "{{Server.Connection}}", "table": "bb", "publication": "bb_pub"}""")).Value;
        await using var link = (await PostgresLink.OpenAsync(source, null, AllowedAddresses.Of(["127.0.0.1"]).Value, Cancel)).Value;
        var writing = Server.DoAsync("INSERT INTO bb VALUES ('1'); SELECT pg_sleep(1)");
        while ((await link.ReadAsync("SELECT 1::text FROM pg_stat_activity WHERE wait_event = 'PgSleep'", Cancel)).Count == 0)
            await Task.Delay(10, Cancel);
        await new PostgresSlot(link, "cityhub_bb").SettledAsync(TimeProvider.System, Cancel);
        Assert.Equal("1", (await link.ReadAsync("SELECT count(*)::text FROM bb", Cancel))[0][0]);
        await writing;
    }

    [Fact]
    public async Task A_source_that_is_withdrawn_in_the_middle_of_its_turn_is_read_no_further()
    {
        await MakeAsync("z", "INSERT INTO z VALUES ('1', 'x')");
        await using var city = await FollowedAsync("z");
        await city.TurnAsync();
        await Server.DoAsync("INSERT INTO z VALUES ('2', 'y')");
        city.Meanwhile = async () => Assert.Null((await city.Book.WithdrawAsync("z", "li.na")).Problem);
        await city.TurnAsync();
        Assert.Equal(2, city.Deliveries.Count);
        Assert.Equal(WriteMode.Upsert, city.Deliveries[^1].What.Mode);
    }

    /// <summary>The key of the dataset is made of another column than the table's own: with the whole old row, what goes is found by it.</summary>
    [Fact]
    public async Task Under_a_mapping_a_row_whose_key_changes_does_not_stay_behind()
    {
        await MakeAsync("e", "ALTER TABLE e ADD id int; INSERT INTO e (no, id, town, note) VALUES ('1', 11, 'x', repeat('长', 20000)), ('2', 22, 'y', 'n')");
        await using var refused = await FollowedAsync("e", """ "mapping": "by-id", "columns": ["id", "town", "note"], """);
        Assert.Contains("REPLICA IDENTITY FULL", Replicated(await refused.TurnAsync()).Hint, StringComparison.Ordinal);
        await Server.DoAsync("ALTER TABLE e REPLICA IDENTITY FULL");
        Assert.Equal(2, (await refused.TurnAsync()).Value?.Taken);
        await Server.DoAsync("UPDATE e SET id = 33 WHERE no = '1'; UPDATE e SET town = 'Y' WHERE no = '2'; UPDATE e SET town = 'X' WHERE no = '1'");

        var turn = (await refused.TurnAsync()).Value;
        Assert.Equal((2, 1), (turn?.Taken, turn?.Gone));
        Assert.Equal(WriteMode.Upsert, refused.Deliveries[^1].What.Mode);
        var rows = await refused.RowsAsync();
        Assert.Equal(["00022|Y", "00033|X"], rows.Select(r => string.Join('|', r.Split('|')[..2])));
        Assert.Equal(20000, rows[1].Split('|')[^1].Length);
    }

    /// <summary>A row that goes and of which no key can be made: nobody could say which one it was.</summary>
    [Fact]
    public async Task Where_the_mapping_makes_no_key_of_what_goes_the_whole_table_is_read()
    {
        await MakeAsync("f", "ALTER TABLE f ADD id int; ALTER TABLE f REPLICA IDENTITY FULL; INSERT INTO f (no, id, town) VALUES ('1', 11, 'x'), ('2', NULL, 'y')");
        await using var city = await FollowedAsync("f", """ "mapping": "by-id", "columns": ["id", "town", "note"], """);
        Assert.Equal((1, 1), ((await city.TurnAsync()).Value?.Taken, city.Deliveries[0].What.Refused));
        await Server.DoAsync("DELETE FROM f WHERE no = '2'");
        await city.TurnAsync();
        Assert.Equal(WriteMode.Replace, city.Deliveries[^1].What.Mode);
        Assert.Single(await city.RowsAsync());
    }

    [Fact]
    public async Task Rows_and_columns_that_the_publication_leaves_out_are_not_read()
    {
        await Server.DoAsync($"CREATE TABLE g ({People}, secret text); INSERT INTO g VALUES ('1', 'in'), ('2', 'out'); CREATE PUBLICATION g_pub FOR TABLE g (no, town, married, code, address, note) WHERE (no <> '2' AND no <> '4')");
        await using var city = await FollowedAsync("g");
        await city.TurnAsync();
        Assert.Equal(["1"], (await city.RowsAsync()).Select(r => r.Split('|')[0]));
        await Server.DoAsync("INSERT INTO g VALUES ('3', 'in'), ('4', 'out'); UPDATE g SET no = '5' WHERE no = '2'; UPDATE g SET no = '4' WHERE no = '1' AND false; DELETE FROM g WHERE no = '4'; UPDATE g SET no = '2' WHERE no = '1'");
        await city.TurnAsync();
        Assert.Equal(["3", "5"], (await city.RowsAsync()).Select(r => r.Split('|')[0]));
        await using var more = await FollowedAsync("g", """ "columns": ["no", "secret"], "slot": "cityhub_g2", """);
        Assert.Equal("secret", (await more.TurnAsync()).Problem?.Field);
    }

    [Fact]
    public async Task What_is_not_set_up_for_it_is_said_with_the_way_forward_and_leaves_no_slot()
    {
        await Server.DoAsync($"CREATE TABLE h ({People}); CREATE TABLE keyless (no text, town text, married boolean, code char(4), address inet, note text); CREATE PUBLICATION h_half FOR TABLE h WITH (publish = 'insert, update'); CREATE PUBLICATION h_none; CREATE PUBLICATION keyless_pub FOR TABLE keyless; CREATE VIEW h_view AS SELECT * FROM h");
        foreach (var (table, publication, said) in new[]
        {
            ("h", "nobody", "no publication nobody"), ("h", "h_none", "does not have h"), ("h", "h_half", "some kind of change"), ("keyless", "keyless_pub", "cannot be told apart"), ("h_view", "h_none", "does not have h_view"),
        })
        {
            await using var city = await FollowedAsync(table, publication: publication);
            Assert.Contains(said, Replicated(await city.TurnAsync()).Detail, StringComparison.Ordinal);
            Assert.Equal("", await Server.AskAsync($"SELECT slot_name FROM pg_replication_slots WHERE slot_name = 'cityhub_{table}'"));
        }

        await using var gone = await FollowedAsync("nowhere");
        Assert.Contains("There is no table", (await gone.TurnAsync()).Problem?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_without_the_right_hears_it_in_the_words_of_the_server()
    {
        await MakeAsync("i", "CREATE ROLE plain LOGIN; GRANT SELECT ON i TO plain");
        await using var city = await FollowedAsync("i", user: "plain");
        Assert.Contains("42501", (await city.TurnAsync()).Problem?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_read_that_is_refused_leaves_no_slot()
    {
        await MakeAsync("j", "INSERT INTO j VALUES ('1')");
        await using var city = await FollowedAsync("j");
        city.Refuse = SourceProblems.FileUnreadable.Because("no");
        Assert.NotNull((await city.TurnAsync()).Problem);
        Assert.Equal("0", await Server.AskAsync("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'cityhub_j'"));
        city.Refuse = null;
        Assert.Equal(1, (await city.TurnAsync()).Value?.Taken);
    }

    [Fact]
    public async Task The_slot_of_a_source_that_is_withdrawn_or_declared_otherwise_is_dropped()
    {
        await MakeAsync("k", "INSERT INTO k VALUES ('1')");
        await using var city = await FollowedAsync("k");
        await city.TurnAsync();
        await city.DeclareAsync(""" "slot": "cityhub_other", """);
        await city.TurnAsync();
        Assert.Single(city.Book.Left);
        await city.UntilAsync(() => city.Book.Left.IsEmpty);
        Assert.Equal("cityhub_other", await Server.AskAsync("SELECT slot_name FROM pg_replication_slots WHERE slot_name IN ('cityhub_k', 'cityhub_other')"));

        // Written in another way it is the same slot, and stays.
        await city.DeclareAsync(""" "slot": "cityhub_other", """, ";SSL Mode=Prefer");
        await city.UntilAsync(() => city.Book.Left.IsEmpty);
        Assert.Equal("cityhub_other", await Server.AskAsync("SELECT slot_name FROM pg_replication_slots WHERE slot_name IN ('cityhub_k', 'cityhub_other')"));

        // Back and away again, within the day in which a slot that cannot be dropped is tried once.
        await city.DeclareAsync("");
        await city.TurnAsync();
        await city.UntilAsync(() => city.Book.Left.IsEmpty);
        await city.DeclareAsync(""" "slot": "cityhub_other", """);
        await city.TurnAsync();
        await city.UntilAsync(() => city.Book.Left.IsEmpty);
        Assert.Equal("cityhub_other", await Server.AskAsync("SELECT slot_name FROM pg_replication_slots WHERE slot_name IN ('cityhub_k', 'cityhub_other')"));

        // Across a restart, too.
        Assert.Null((await city.Book.WithdrawAsync("k", "li.na")).Problem);
        await city.RestartAsync();
        Assert.Single(city.Book.Left);
        await city.UntilAsync(() => city.Book.Left.IsEmpty);
        Assert.Equal("0", await Server.AskAsync("SELECT count(*) FROM pg_replication_slots WHERE slot_name IN ('cityhub_k', 'cityhub_other')"));
    }

    /// <summary>Else a quiet table keeps the log of all others.</summary>
    [Fact]
    public async Task What_other_tables_write_is_confirmed_now_and_then()
    {
        await MakeAsync("l", "INSERT INTO l VALUES ('1'); CREATE TABLE l_other (t text); ALTER TABLE l_other ALTER t SET STORAGE EXTERNAL");
        await using var city = await FollowedAsync("l");
        await city.TurnAsync();
        await city.TurnAsync();
        var before = city.Source.Watermark;
        await Server.DoAsync("INSERT INTO l_other VALUES ('small')");
        await city.TurnAsync();
        Assert.Equal(before, city.Source.Watermark);
        await Server.DoAsync("INSERT INTO l_other SELECT repeat('x', 100000) FROM generate_series(1, 250)");
        Assert.Null((await city.TurnAsync()).Value);
        Assert.NotEqual(before, city.Source.Watermark);
        Assert.Single(city.Deliveries);
        Assert.Equal("t", await Server.AskAsync("SELECT pg_current_wal_lsn() - confirmed_flush_lsn < 16777216 FROM pg_replication_slots WHERE slot_name = 'cityhub_l'"));
    }

    [Fact]
    public async Task After_any_transactions_turns_and_torn_turns_the_rows_are_those_of_the_table()
    {
        var run = 0;
        await Gen.Select(Gen.Int[0, 12], Gen.Int[1, 5], Gen.Int[1, 5], Gen.Int[0, 3]).Array[1, 25].Array[1, 4].SampleAsync(
            async turns =>
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"r{run++}");
                await MakeAsync(name, run % 2 == 0 ? $"ALTER TABLE {name} REPLICA IDENTITY FULL" : "");
                await using var city = await FollowedAsync(name);
                await city.TurnAsync();
                foreach (var turn in turns)
                {
                    await Server.DoAsync(string.Join(";\n", turn.Select(s => Statement(name, s.Item1, s.Item2, s.Item3, s.Item4))));
                    city.Tear = turn[0].Item4 == 0;
                    await city.TurnAsync();
                    if (city.Tear)
                        await city.RestartAsync();
                }

                await city.TurnAsync();
                Assert.Equal(await RowsAsync(name), await city.RowsAsync());
                await Server.DoAsync($"SELECT pg_drop_replication_slot('cityhub_{name}'); DROP TABLE {name}; DROP PUBLICATION {name}_pub");
            },
            iter: 12,
            threads: 1);
    }

    private static string Statement(string table, int kind, int one, int other, int what) => kind switch
    {
        0 => "BEGIN",
        1 => "COMMIT",
        2 => "ROLLBACK",
        3 or 4 => $"DELETE FROM {table} WHERE no = '{one}'",
        5 or 6 => $"UPDATE {table} SET no = '{other}' WHERE no = '{one}' AND NOT EXISTS (SELECT FROM {table} WHERE no = '{other}')",
        7 or 8 => $"UPDATE {table} SET town = '{what}' || coalesce(town, ''), married = NOT married WHERE no = '{one}'",
        9 when what == 0 => $"TRUNCATE {table}",
        _ => $"INSERT INTO {table} VALUES ('{one}', NULLIF('{other}', '3'), {(what > 1 ? "true" : "false")}, '{what}', '10.0.0.{what}', repeat('长', {what * 1500})) ON CONFLICT (no) DO UPDATE SET town = excluded.town",
    };

    private async Task MakeAsync(string table, string then) => await Server.DoAsync($"CREATE TABLE {table} ({People}); CREATE PUBLICATION {table}_pub FOR TABLE {table}; {then}");

    /// <summary>As the server casts them; an empty text is a missing value here.</summary>
    private async Task<string[]> RowsAsync(string table) => (await Server.AskAsync(
        $"SELECT concat_ws('|', no, coalesce(town, '∅'), coalesce(married::text, '∅'), coalesce(nullif(code::text, ''), '∅'), coalesce(address::text, '∅'), coalesce(nullif(note, ''), '∅')) FROM {table} ORDER BY no COLLATE \"C\"")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<FollowedTable> FollowedAsync(string table, string more = "", string? publication = null, string user = "hub")
    {
        var city = await CityUnderTest.StartAsync();
        var fields = new[] { "town", "married", "code", "address", "note" }.Select(f => CityUnderTest.Field(f, type: f == "married" ? ColumnType.Boolean : ColumnType.Text));
        await city.PublishAsync(CityUnderTest.Entry("population", "police", [CityUnderTest.Field("no") with { Nullable = false }, .. fields]) with { Key = "no" });
        var followed = new FollowedTable(city, table, $$"""
            "dataset": "population", "kind": "postgres", "connection": "{{Server.Connection.Replace("hub", user, StringComparison.Ordinal)}}", "table": "{{table}}", "publication": "{{publication ?? table + "_pub"}}"
            """);
        await followed.DeclareAsync(more);
        return followed;
    }

    private static Problem Replicated(Result<DeliveryOutcome?> turn)
    {
        Assert.Equal("source-not-replicated", turn.Problem?.Code);
        return turn.Problem ?? throw new InvalidOperationException();
    }

    public sealed class Database : IAsyncLifetime
    {
        private PostgresUnderTest? _server;

        internal PostgresUnderTest Server => _server ?? throw new InvalidOperationException("Not started.");

        public async ValueTask InitializeAsync() => _server = await PostgresUnderTest.StartAsync("logical");

        public async ValueTask DisposeAsync() => await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
