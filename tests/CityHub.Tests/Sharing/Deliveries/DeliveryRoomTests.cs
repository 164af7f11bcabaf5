using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Deliveries;
using CityHub.Sharing.Parties;
using CityHub.Tests.Sharing.Catalogue;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Deliveries;

public sealed class DeliveryRoomTests : IAsyncDisposable
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly Dictionary<string, (WriteMode, List<string>)> _disk = [];
    private readonly FakeCheck _check = new();
    private FakeTables _tables = new([]);
    private CityUnderTest? _city;
    private DeliveryRoom? _room;

    private CityUnderTest City => _city ?? throw new InvalidOperationException("Not started.");

    private DeliveryRoom Room => _room ?? throw new InvalidOperationException("Not started.");

    [Fact]
    public async Task What_is_delivered_is_checked_recorded_and_then_seen_and_a_restart_sees_the_same()
    {
        await StartHubAsync();
        var outcome = (await GiveAsync("1|a", "bad|b", "2|c")).Value;
        Assert.Equal((2, 1), (outcome.Taken, outcome.Refused));
        Assert.Equal("it is bad", Assert.Single(outcome.Faults).Why);
        Assert.Equal(["1|a", "2|c"], Content());
        await RestartAsync();
        Assert.Equal(["1|a", "2|c"], Content());
        var received = Assert.Single(Room.Book.Of("population"));
        Assert.Equal(outcome.Position, received.Position);
        Assert.Equal(1, Assert.Single(received.What.Faults).Count);
    }

    [Fact]
    public async Task Facts_of_deliveries_say_nothing_of_the_rows()
    {
        await StartHubAsync();
        await GiveAsync("500101199001011234|王芳", "bad|b");
        var fact = Assert.Single(City.Store.Log.Read(0, DeliveryBook.StreamName));
        var text = Encoding.UTF8.GetString(fact.Payload.Span);
        Assert.DoesNotContain("500101199001011234", text, StringComparison.Ordinal);
        Assert.DoesNotContain("王芳", text, StringComparison.Ordinal);
        Assert.DoesNotContain("it is bad", text, StringComparison.Ordinal);
    }

    /// <summary>Wherever it stops, after the restart the table is what it was or what it was to become, and the next delivery is taken.</summary>
    [Theory]
    [InlineData("prepare", false)]
    [InlineData("prepared", false)]
    [InlineData("source", false)]
    [InlineData("publish", true)]
    public async Task A_crash_at_any_step_leaves_nothing_half(string step, bool done)
    {
        await StartHubAsync();
        await GiveAsync("1|old");
        _tables.Step = at =>
        {
            if (at == step)
                throw new IOException("crash");
        };
        await Assert.ThrowsAsync<IOException>(async () => await Room.DeliverAsync(
            new Delivery("population", WriteMode.Replace, "police-officer", "x"), new TextRows(Schema(), "1|new"), () => step == "source" ? throw new IOException("crash") : "x", false, Cancel));
        await RestartAsync();
        Assert.Equal([done ? "1|new" : "1|old"], Content());
        Assert.Equal(done ? 2 : 1, Room.Book.Of("population").Count);
        // A replacement says everything: what was before it is not kept.
        Assert.Single(_disk);
        Ok(await GiveAsync("2|next"));
        Assert.Equal(["2|next"], Content());
    }

    [Fact]
    public async Task A_fact_that_cannot_be_written_publishes_nothing()
    {
        await StartHubAsync();
        await GiveAsync("1|old");
        await City.Store.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            var refused = await GiveAsync("1|new");
            throw new IOException(refused.Problem?.Detail);
        });
        Assert.Equal(["1|old"], Content());
        await RestartAsync();
        Assert.Equal(["1|old"], Content());
    }

    [Fact]
    public async Task The_same_source_for_the_same_date_is_one_delivery()
    {
        await StartHubAsync();
        var at = City.Clock.GetUtcNow();
        var first = (await GiveFromAsync("1|a", at, "f#1")).Value;
        await GiveFromAsync("1|b", at.AddDays(1), "f#2");
        var again = (await GiveFromAsync("1|a", at, "f#1")).Value;
        Assert.Equal((first.Position, first.Taken), (again.Position, again.Taken));
        Assert.Equal(["1|b"], Content());
        Assert.Equal(2, Room.Book.Of("population").Count);
        await RestartAsync();
        Assert.Equal(first.Position, (await GiveFromAsync("1|a", at, "f#1")).Value.Position);
    }

    [Fact]
    public async Task Without_a_date_what_was_before_may_come_back()
    {
        await StartHubAsync();
        var first = (await GiveFromAsync("1|a", null, "f#1")).Value;
        Assert.Equal(first.Position, (await GiveFromAsync("1|a", null, "f#1")).Value.Position);
        await GiveFromAsync("1|b", null, "f#2");
        Assert.NotEqual(first.Position, (await GiveFromAsync("1|a", null, "f#1")).Value.Position);
        Assert.Equal(["1|a"], Content());
    }

    /// <summary>Found in review: a file that was refused for its rules was never taken again, however the rules were changed.</summary>
    [Fact]
    public async Task The_same_file_under_other_terms_is_another_delivery()
    {
        await StartHubAsync();
        var (at, hash) = (City.Clock.GetUtcNow(), new string('a', 64));
        var first = (await GiveFromAsync("1|a", at, $"file:a.csv#{hash}")).Value;
        Assert.False(first.Known);
        var renamed = (await GiveFromAsync("1|a", at, $"file:b.csv#sha256:{hash}")).Value;
        Assert.True(renamed.Known);
        Assert.Equal(first.Position, renamed.Position);
        _check.Terms = "2";
        var judged = (await GiveFromAsync("1|a", at, $"file:a.csv#{hash}")).Value;
        Assert.False(judged.Known);
        await City.PublishAsync(Entry("population") with { Abstract = new Words("每人一行，另述", "One row for each resident, said otherwise") });
        Assert.False((await GiveFromAsync("1|a", at, $"file:a.csv#{hash}")).Value.Known);
        Assert.True((await GiveFromAsync("1|a", at, $"file:a.csv#{hash}")).Value.Known);
        Assert.Equal(3, Room.Book.Of("population").Count);
    }

    /// <summary>What is at hand of deliveries does not grow without end; what came long ago is known all the same.</summary>
    [Fact]
    public async Task The_last_thousand_deliveries_are_at_hand_and_an_older_one_is_still_known()
    {
        await StartHubAsync();
        var at = City.Clock.GetUtcNow();
        var first = (await GiveFromAsync("1|a", at, "f#0")).Value;
        for (var i = 1; i <= DeliveryBook.MostKept + 5; i++)
            await GiveFromAsync("1|b", at.AddMinutes(i), $"f#{i}");
        Assert.Equal((DeliveryBook.MostKept, 6), (Room.Book.Of("population").Count, Room.Book.Before("population")));
        await RestartAsync();
        Assert.Equal((DeliveryBook.MostKept, 6), (Room.Book.Of("population").Count, Room.Book.Before("population")));
        var again = (await GiveFromAsync("1|a", at, "f#0")).Value;
        Assert.Equal((true, first.Position, 1L), (again.Known, again.Position, again.Taken));
    }

    [Fact]
    public async Task What_was_empty_or_refused_as_a_whole_keeps_no_promise_and_a_word_that_nothing_happened_does()
    {
        await StartHubAsync();
        await GiveAsync();
        Assert.Empty(Room.Book.Marks());
        await GiveAsync("bad|a");
        Assert.True(Assert.Single(Room.Book.Marks()).AllRefused);
        Ok(await Room.Book.NothingAsync(new NothingToDeliver("population", "no births", "police-officer")));
        await RestartAsync();
        Assert.Equal([true, false], Room.Book.Marks().Select(m => m.AllRefused));
    }

    [Fact]
    public async Task A_correction_takes_the_place_of_its_row_as_a_new_fact()
    {
        await StartHubAsync();
        await GiveAsync("1|a", "2|b");
        Ok(await Room.DeliverAsync(new Delivery("population", WriteMode.Upsert, "police-officer", "x"), new TextRows(Schema(), "2|B"), () => "x", true, Cancel));
        Assert.Equal(["1|a", "2|B"], Content());
        Assert.True(Room.Book.Of("population")[^1].What.Correction);
    }

    [Fact]
    public async Task Other_columns_begin_a_new_table_that_has_to_be_filled_whole()
    {
        await StartHubAsync();
        await GiveAsync("1|a");
        await City.PublishAsync(Entry("population") with { Fields = [.. Entry("population").Fields, Field("more")] });
        Assert.Equal(["1|a"], Content());
        Refused(await Room.DeliverAsync(new Delivery("population", WriteMode.Append, "p", "x"), new TextRows(Schema(), "2|b|c"), Cancel), DeliveryProblems.NotTaken);
        Assert.Equal(["1|a"], Content());
        Ok(await Room.DeliverAsync(new Delivery("population", WriteMode.Replace, "p", "x"), new TextRows(Schema(), "2|b|c"), Cancel));
        Assert.Equal(["2|b|c"], Content());
        await RestartAsync();
        Assert.Equal(["2|b|c"], Content());
    }

    [Fact]
    public async Task Rows_of_a_protected_dataset_lie_under_the_key_of_its_provider()
    {
        await StartHubAsync();
        await GiveAsync("1|a");
        await City.PublishAsync(Entry("secret") with { Protected = true });
        Ok(await Room.DeliverAsync(new Delivery("secret", WriteMode.Replace, "p", "x"), new TextRows(Schema(), "2|b"), Cancel));
        Assert.Contains(("population", null, 0), _tables.Opened);
        Assert.Contains(("secret", "police", 0), _tables.Opened);
    }

    [Fact]
    public async Task What_takes_no_rows_is_refused()
    {
        await StartHubAsync();
        Ok(await DraftDataset.DraftAsync(City.Catalogue, City.As("police-officer"), Entry("draft")));
        Refused(Room.SchemaOf("draft"), DeliveryProblems.NotTaken);
        await City.PublishAsync(Entry("things") with { Source = DatasetSource.Entities, EntityType = "t" });
        Refused(Room.SchemaOf("things"), DeliveryProblems.NotTaken);
        Assert.False(Room.SchemaOf("nothing").Ok);
        await City.PublishAsync(Entry("loose") with { Key = null });
        Refused(await Room.DeliverAsync(new Delivery("loose", WriteMode.Upsert, "p", "x"), new TextRows(Schema(), "1|a"), Cancel), DeliveryProblems.NotTaken);
    }

    [Fact]
    public async Task Lineage_names_source_delivery_and_version()
    {
        await StartHubAsync();
        var outcome = (await GiveFromAsync("1|a", null, "register.csv#sha256:00")).Value;
        using var stream = new MemoryStream();
        using (var json = new System.Text.Json.Utf8JsonWriter(stream))
            Lineage.Write(json, City.Catalogue.Find("population") ?? Entry("population"), Room.Book.Of("population"));
        var text = Encoding.UTF8.GetString(stream.ToArray());
        Assert.Contains($"urn:cityhub:delivery:{outcome.Position}", text, StringComparison.Ordinal);
        Assert.Contains("register.csv#sha256:00", text, StringComparison.Ordinal);
        Assert.Contains("urn:cityhub:dataset:population:1", text, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _room?.Dispose();
        if (_city is not null)
            await _city.DisposeAsync();
    }

    private async Task StartHubAsync()
    {
        _city = await StartAsync();
        await City.PublishAsync(Entry("population"));
        Open();
    }

    private async Task RestartAsync()
    {
        await City.ReopenAsync();
        Open();
    }

    private void Open()
    {
        _tables = new FakeTables(_disk);
        var book = new DeliveryBook(City.Store.Log, City.Clock);
        book.Load();
        _room = new DeliveryRoom(book, City.Catalogue, _tables, _check, City.Clock);
        Ok(Room.OpenTables());
    }

    private TableSchema Schema() => Room.SchemaOf("population").Value;

    private ValueTask<Result<DeliveryOutcome>> GiveAsync(params string[] rows) =>
        Room.DeliverAsync(new Delivery("population", WriteMode.Replace, "police-officer", $"s{Room.Book.Of("population").Count}"), new TextRows(Schema(), rows), Cancel);

    private ValueTask<Result<DeliveryOutcome>> GiveFromAsync(string row, DateTimeOffset? asOf, string source) =>
        Room.DeliverAsync(new Delivery("population", WriteMode.Replace, "police-officer", source) { AsOf = asOf }, new TextRows(Schema(), row), Cancel);

    private List<string> Content() => Room.TableOf("population") is FakeTables.FakeTable table ? table.Content : [];
}
