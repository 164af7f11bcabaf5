using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;

namespace CityHub.Tests.Storage.Tables;

public sealed class TableTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static object?[][] Persons(int from, int count, string? note = null) => TableUnderTest.Persons(from, count, note);

    static string Say(IEnumerable<object?[]> rows) => PlainRows.Say(rows);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Gives_back_values_of_every_type_over_many_groups_and_after_a_restart(bool isSealed)
    {
        using var test = new TableUnderTest(isSealed);
        object?[][] rows =
        [
            ["", null, double.NaN, long.MinValue, true, DateOnly.MinValue, DateTimeOffset.MinValue.AddYears(1)],
            ["𠮷野家 🚒", "", -0.0, long.MaxValue, false, DateOnly.MaxValue, DateTimeOffset.MaxValue.AddTicks(-9)],
            [new string('长', 10_000), new string('x', 70_000), double.NegativeInfinity, 0L, null, null, null],
            ["all null", null, null, null, null, null, null],
            .. Persons(0, 7000),
        ];
        await test.DeliverAsync(WriteMode.Replace, rows);
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal((1, rows.Length, false), (test.Table.Version, test.Table.Rows, test.Table.Locked));
            Assert.Equal(Say(rows), Say(await test.ReadAsync()));
            foreach (object?[] row in rows.Where((_, i) => i < 4 || i % 97 == 0))
            {
                Assert.Equal(Say([row]), Say([Assert.IsType<object?[]>(test.Find((string)(row[0] ?? "")))]));
            }

            Assert.Null(test.Find("nobody"));
            Assert.Null(test.Store.CheckTable("people", test.Facts));
            test.Reopen();
        }
    }

    [Fact]
    public async Task Gives_the_columns_that_are_asked_for_in_their_order_and_passes_over_rows()
    {
        using var test = new TableUnderTest(isSealed: true);
        object?[][] rows = Persons(0, 6000);
        await test.DeliverAsync(WriteMode.Replace, rows);
        await test.DeliverAsync(WriteMode.Upsert, [.. rows.Where((_, i) => i % 3 == 0)]);
        object?[][] now = [.. rows.Where((_, i) => i % 3 != 0), .. rows.Where((_, i) => i % 3 == 0)];
        foreach (int from in (int[])[0, 1, 999, 2048, 4000, 5999, 6000, 7000])
        {
            Assert.Equal(Say(now.Skip(from).Select(r => new[] { r[3], r[0], r[3] })), Say(await test.ReadAsync(from, 3, 0, 3)));
        }

        IRows scan = test.Table.Scan(new[] { 3, 0 }).Value;
        Assert.Equal((1, "children"), (scan.Schema.Key, scan.Schema.Columns[0].Name));
        await scan.DisposeAsync();
    }

    [Fact]
    public async Task Later_rows_take_the_place_of_earlier_ones_with_the_same_key_also_within_one_delivery()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Upsert, [.. Persons(0, 3000), .. Persons(10, 5, "twice")]);
        Assert.Equal(3000, test.Table.Rows);
        await test.DeliverAsync(WriteMode.Upsert, [.. Persons(2990, 20, "new"), .. Persons(3000, 1, "newer")]);
        string expected = Say([.. Persons(0, 10), .. Persons(15, 2975), .. Persons(10, 5, "twice"), .. Persons(2990, 10, "new"), .. Persons(3001, 9, "new"), .. Persons(3000, 1, "newer")]);
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(3010, test.Table.Rows);
            Assert.Equal(expected, Say(await test.ReadAsync()));
            Assert.Equal("twice", test.Find("P000012")?[1]);
            Assert.Equal("newer", test.Find("P003000")?[1]);
            test.Reopen();
        }
    }

    [Fact]
    public async Task Refuses_rows_that_do_not_fit_and_stays_what_it_was()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 10));
        object?[][] nameless = [.. Persons(10, 5), [null, .. TableUnderTest.Person(1)[1..]]];
        foreach ((object?[][] rows, WriteMode mode) in ((object?[][], WriteMode)[])[(nameless, WriteMode.Upsert), (Persons(9, 2), WriteMode.Append), ([.. Persons(20, 2), .. Persons(21, 1)], WriteMode.Append)])
        {
            Problem? refused = (await test.Table.PrepareAsync(new PlainRows(TableUnderTest.People, rows), mode, Cancel)).Problem;
            Assert.Equal(TableProblems.RowsUnfit, refused?.Kind);
            Assert.DoesNotContain("P0000", refused?.ToString() ?? "", StringComparison.Ordinal);
            Assert.Single(test.Segments);
        }

        var other = new TableSchema([new("id", ColumnType.Integer)]);
        Assert.Equal(TableProblems.RowsUnfit, (await test.Table.PrepareAsync(new PlainRows(other, []), WriteMode.Replace, Cancel)).Problem?.Kind);
        await test.DeliverAsync(WriteMode.Append, Persons(10, 1));
        Assert.Equal(11, test.Table.Rows);

        using var keyless = new TableUnderTest(isSealed: false, TableUnderTest.People with { Key = -1 });
        Assert.Equal(TableProblems.NoKey, (await keyless.Table.PrepareAsync(new PlainRows(TableUnderTest.People, []), WriteMode.Upsert, Cancel)).Problem?.Kind);
        Assert.Equal(TableProblems.NoKey, keyless.Table.Find("x"u8, new[] { 0 }).Problem?.Kind);
        await keyless.DeliverAsync(WriteMode.Append, Persons(0, 2));
        await keyless.DeliverAsync(WriteMode.Append, Persons(0, 2));
        Assert.Equal(Say([.. Persons(0, 2), .. Persons(0, 2)]), Say(await keyless.ReadAsync()));
    }

    [Fact]
    public async Task Finds_by_keys_of_other_types_as_they_are_written()
    {
        (ColumnType Type, object Value, string Written, string Other)[] all =
        [
            (ColumnType.Integer, -42L, "-42", "-4x"), (ColumnType.Number, 2.5, "2.5", "2.6"), (ColumnType.Boolean, true, "true", "1"), (ColumnType.Date, new DateOnly(2026, 2, 28), "2026-02-28", "2026-02-30"),
            (ColumnType.Instant, new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.FromHours(8)), "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
        ];
        foreach ((ColumnType type, object value, string written, string other) in all)
        {
            using var test = new TableUnderTest(isSealed: true, new TableSchema([new("n", ColumnType.Integer), new("k", type)], Key: 1));
            await test.DeliverAsync(WriteMode.Upsert, [1L, value]);
            await test.DeliverAsync(WriteMode.Upsert, [2L, value]);
            Assert.Equal(1, test.Table.Rows);
            Assert.Equal(2L, test.Find(written)?[0]);
            Assert.Null(test.Find(other));
        }
    }

    [Fact]
    public async Task An_empty_delivery_is_a_version_and_replaces_all()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Append);
        Assert.Equal((1, 0), (test.Table.Version, test.Table.Rows));
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 3));
        await test.DeliverAsync(WriteMode.Replace);
        Assert.Empty(test.Segments);
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal((3, 0), (test.Table.Version, test.Table.Rows));
            Assert.Empty(await test.ReadAsync());
            Assert.Null(test.Find("P000001"));
            test.Reopen();
        }
    }

    [Fact]
    public async Task A_reader_sees_the_version_that_was_current_when_it_began_and_old_files_go_with_the_last_of_them()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 5000));
        IRows first = test.Table.Scan(new[] { 0, 1, 2, 3, 4, 5, 6 }).Value;
        Assert.NotNull(await first.NextAsync(Cancel));
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 2500, "second"));
        IRows second = test.Table.Scan(new[] { 0, 1 }).Value;
        TableDraft third = await test.PrepareAsync(WriteMode.Replace, Persons(7, 1));
        Assert.Equal(5000, test.Table.Rows); // written, and in nobody's sight
        test.Publish(third);
        Assert.Equal(3, test.Segments.Length);

        Assert.Equal(5000 - 2048, (await PlainRows.ReadAsync(first)).Count);
        Assert.Equal(Say(Persons(2500, 2500).Concat(Persons(0, 2500, "second")).Select(r => r[..2])), Say(await PlainRows.ReadAsync(second)));
        Assert.Equal(Say(Persons(7, 1)), Say(await test.ReadAsync()));
        Assert.Single(test.Segments);
    }

    [Fact]
    public async Task Who_prepares_second_waits_until_the_first_is_published_or_abandoned()
    {
        using var test = new TableUnderTest(isSealed: true);
        TableDraft first = await test.PrepareAsync(WriteMode.Upsert, Persons(0, 2));
        Task<TableDraft> second = test.PrepareAsync(WriteMode.Upsert, Persons(1, 2));
        using var impatient = new CancellationTokenSource();
        ValueTask<Result<TableDraft>> third = test.Table.PrepareAsync(new PlainRows(TableUnderTest.People, []), WriteMode.Append, impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await third);
        Assert.False(second.IsCompleted);
        test.Publish(first);
        TableDraft next = await second;
        Assert.Throws<InvalidOperationException>(() => test.Table.Publish(first));
        test.Table.Abandon(next);
        Assert.Single(test.Segments);
        await test.DeliverAsync(WriteMode.Upsert, Persons(1, 1));
        Assert.Equal(2, test.Table.Rows);
    }

    [Fact]
    public async Task Segments_without_a_living_row_go_and_a_mostly_dead_table_is_written_anew()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 100));
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 100, "b"));
        Assert.Single(test.Segments);
        await test.CompactAsync();
        Assert.Equal(2, test.Table.Version); // nothing to gain
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 99, "c"));
        await test.DeliverAsync(WriteMode.Upsert, Persons(1, 98, "d"));
        Assert.Equal((3, 100), (test.Segments.Length, test.Table.Rows));
        string before = Say(await test.ReadAsync());
        await test.CompactAsync();
        Assert.Equal((1, 5, 100), (test.Segments.Length, test.Table.Version, test.Table.Rows));
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(before, Say(await test.ReadAsync()));
            Assert.Equal(4, test.Table.Content); // the same rows
            Assert.Equal("d", test.Find("P000050")?[1]);
            Assert.Equal("b", test.Find("P000099")?[1]);
            test.Reopen();
        }
    }

    [Fact]
    public async Task What_only_a_segment_that_goes_said_of_older_rows_is_known_after_a_restart()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 4));
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 2, "second"));
        await test.DeliverAsync(WriteMode.Upsert, Persons(1, 2, "third"));
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 3, "fourth"));
        Assert.Equal(2, test.Segments.Length);
        test.Reopen();
        Assert.Equal(Say([.. Persons(3, 1), .. Persons(0, 3, "fourth")]), Say(await test.ReadAsync()));
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 3, "fifth"));
        test.Reopen();
        Assert.Equal(Say([.. Persons(3, 1), .. Persons(0, 3, "fifth")]), Say(await test.ReadAsync()));
    }

    [Fact]
    public async Task A_table_whose_dead_rows_an_earlier_release_forgot_is_read_by_its_keys()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 3000));
        TableDraft draft = await test.PrepareAsync(WriteMode.Replace, Persons(5, 2, "later")); // its segment says of no row that it is dead
        test.Facts.Add((TableManifest.Read("people", draft.Manifest).Value with { Mode = ManifestMode.Upsert, Total = 3000, Drops = [] }).Write());
        for (int round = 0; round < 2; round++)
        {
            test.Reopen();
            Assert.Equal(Say([.. Persons(0, 5), .. Persons(7, 2993), .. Persons(5, 2, "later")]), Say(await test.ReadAsync()));
            Assert.Equal("later", test.Find("P000006")?[1]);
        }

        await test.DeliverAsync(WriteMode.Upsert, Persons(5, 2, "last"));
        test.Reopen();
        Assert.Equal(Say([.. Persons(0, 5), .. Persons(7, 2993), .. Persons(5, 2, "last")]), Say(await test.ReadAsync()));
    }

    [Fact]
    public async Task The_commitment_is_salted_and_the_manifest_says_nothing_of_the_content()
    {
        using var test = new TableUnderTest(isSealed: true);
        TableDraft first = await test.PrepareAsync(WriteMode.Replace, Persons(0, 3, "secret"));
        test.Publish(first);
        TableDraft again = await test.PrepareAsync(WriteMode.Replace, Persons(0, 3, "secret"));
        test.Publish(again);
        Assert.False(first.Hash.Span.SequenceEqual(again.Hash.Span));
        TableManifest manifest = TableManifest.Read("people", again.Manifest).Value;
        Assert.Equal((3, 3, 2), (manifest.Rows, manifest.Total, manifest.Version));
        Assert.DoesNotContain("secret", Encoding.UTF8.GetString(again.Manifest.Span), StringComparison.Ordinal);

        // Whoever has the owner's key can open the commitment, however the rows are cut.
        using var hash = new RowHash(test.Keys.Unwrap(TableUnderTest.Owner, manifest.Salt) ?? []);
        await using var rows = new PlainRows(TableUnderTest.People, Persons(0, 3, "secret"), batch: 1);
        while (await rows.NextAsync(Cancel) is { } batch)
        {
            hash.Add(batch);
        }

        Assert.Equal(again.Hash.ToArray(), hash.Finish());
    }

    [Fact]
    public async Task A_new_column_is_empty_in_rows_from_before_and_a_column_of_another_type_is_refused()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 3000));
        var wider = new TableSchema([TableUnderTest.People.Columns[0], new("town", ColumnType.Text), new("code", ColumnType.Integer), TableUnderTest.People.Columns[3]], 0, 2);
        ITable table = test.Store.Tables.Open("people", wider, TableUnderTest.Owner, test.Facts).Value;
        Assert.Same(table, test.Store.Tables.Find("people"));
        TableDraft draft = (await table.PrepareAsync(new PlainRows(wider, [["P000001", "枢州", 7L, 2L]]), WriteMode.Upsert, Cancel)).Value;
        test.Facts.Add(draft.Manifest);
        table.Publish(draft);
        List<object?[]> rows = await TableUnderTest.ReadAsync(table);
        Assert.Equal(3000, rows.Count);
        Assert.Equal(Say([["P000000", null, null, null]]), Say(rows[..1]));
        Assert.Equal(Say([["P000001", "枢州", 7L, 2L]]), Say(rows[^1..]));
        Assert.Equal(1, table.Find("P000002"u8, new[] { 1 }).Value.Rows);

        var clash = wider with { Columns = [.. wider.Columns.Select(c => c.Name == "children" ? c with { Type = ColumnType.Text } : c)], Version = 3 };
        Assert.Equal(TableProblems.RowsUnfit, test.Store.Tables.Open("people", clash, TableUnderTest.Owner, test.Facts).Value.Scan(new[] { 3 }).Problem?.Kind);
    }

    [Fact]
    public async Task Groups_are_passed_over_by_the_range_of_their_values()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 10_000));
        var table = (EmbeddedTable)test.Table;
        foreach (int i in (int[])[0, 2047, 2048, 9999])
        {
            byte[] key = Encoding.UTF8.GetBytes($"P{i:D6}");
            int asked = 0;
            List<object?[]> rows = await PlainRows.ReadAsync(table.Scan(new[] { 0 }, 0, stats => (asked++, stats[0].CanHold(key)).Item2).Value);
            Assert.Contains(rows, r => (string?)r[0] == $"P{i:D6}");
            Assert.InRange(rows.Count, 1, 2048);
        }

        Assert.Empty(await PlainRows.ReadAsync(table.Scan(new[] { 0 }, 0, stats => stats[3].CanHold(4)).Value));
        Assert.Equal(10_000, (await PlainRows.ReadAsync(table.Scan(new[] { 0 }, 0, stats => stats[3].CanHold(3)).Value)).Count);
    }

    [Fact]
    public async Task A_group_of_long_texts_ends_early_so_that_readers_stay_small()
    {
        using var test = new TableUnderTest(isSealed: true, groupBytes: 300_000);
        object?[][] rows = [.. Enumerable.Range(0, 500).Select(i => TableUnderTest.Person(i, new string((char)('a' + i % 26), 1000 + i)))];
        await test.DeliverAsync(WriteMode.Replace, rows);
        Assert.Equal(Say(rows), Say(await test.ReadAsync()));
        Assert.Equal(Say(rows.Skip(333)), Say(await test.ReadAsync(333)));
    }

    [Theory]
    [InlineData(WriteMode.Replace, "mode upsert")]
    [InlineData(WriteMode.Append, "mode upsert")]
    [InlineData(WriteMode.Upsert, "has no id")]
    public async Task Rows_go_by_their_key_and_in_no_other_way(WriteMode mode, string said)
    {
        using var test = new TableUnderTest(isSealed: false);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 3));
        string before = Say(await test.ReadAsync());
        object?[][] rows = mode == WriteMode.Upsert ? [[.. new object?[TableUnderTest.People.Columns.Count]]] : Persons(0, 1);

        Problem? problem = (await test.Table.PrepareAsync(new PlainRows(TableUnderTest.People, rows) { Goes = _ => true }, mode, TestContext.Current.CancellationToken)).Problem;
        Assert.Equal("table-rows-unfit", problem?.Code);
        Assert.Contains(said, problem?.Detail, StringComparison.Ordinal);
        await test.DeliverAsync(WriteMode.Upsert);
        Assert.Equal(before, Say(await test.ReadAsync()));
    }

    [Fact]
    public async Task A_table_of_which_every_row_went_is_empty_and_has_no_file()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 300));
        test.Publish(await test.PrepareAsync(_ => true, Persons(0, 300)));
        Assert.Empty(test.Segments);
        test.Reopen();
        Assert.Equal(0, test.Table.Rows);
        await test.DeliverAsync(WriteMode.Append, Persons(5, 1));
        Assert.Equal(Say(Persons(5, 1)), Say(await test.ReadAsync()));
    }

    /// <summary>What went says so in a commitment, like what came.</summary>
    [Fact]
    public async Task The_hash_of_a_delivery_covers_the_keys_that_go()
    {
        using var test = new TableUnderTest(isSealed: false);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 3));
        using var one = new RowHash(new byte[32]);
        using var other = new RowHash(new byte[32]);
        var keys = new BatchBuilder(new TableSchema([TableUnderTest.People.Columns[0]], 0)).Text("K1").Batch;
        one.Add(keys.Columns[0], 1);
        other.Add(keys);
        Assert.NotEqual(one.Finish(), other.Finish());
    }
}
