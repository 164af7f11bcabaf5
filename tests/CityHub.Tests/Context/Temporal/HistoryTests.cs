using System.Text;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Context.Temporal;
using CityHub.Core.Problems;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Context.Temporal;

/// <summary>The history over the real store: what it knows after a start, however the hub ended.</summary>
public sealed class HistoryTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly EmbeddedUnderTest _store = new();
    private readonly FakeTimeProvider _clock = new(Start);

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Knows_after_a_start_what_was_and_who_is_gone(bool snapshot)
    {
        var (broker, history) = Open();
        await Create(broker, "urn:a", 1);
        await Change(broker, "urn:a", 2);
        await Create(broker, "urn:gone", 3);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await Delete(broker, "urn:gone");
        if (snapshot)
            broker.Snapshot();
        await Change(broker, "urn:a", 4);
        var before = Told(history);

        _store.Reopen();
        (broker, history) = Open();

        Assert.Equal(before, Told(history));
        Assert.Equal([1.0, 2.0, 4.0], Numbers(history, "urn:a"));
        Assert.Equal(Start.AddSeconds(63).UtcTicks, history.Find("", "urn:gone")?.DeletedAt);
        Assert.Null(history.Find("", "urn:never"));
    }

    [Fact]
    public async Task Is_made_anew_from_the_facts_when_its_file_was_lost()
    {
        var (broker, history) = Open();
        for (var i = 0; i < 50; i++)
            await (i % 2 == 0 ? Create(broker, $"urn:{i / 2}", i) : Change(broker, $"urn:{i / 2}", i));
        await Delete(broker, "urn:7");
        broker.Snapshot();
        var before = Told(history);

        _store.Store.Dispose();
        foreach (var file in Directory.EnumerateFiles(_store.Folder, "series.db*"))
            File.Delete(file);
        _store.Reopen();

        Assert.Equal(before, Told(Open().History));
    }

    [Fact]
    public async Task An_erased_history_stays_erased_and_begins_anew_with_the_next_change()
    {
        var (broker, history) = Open();
        await Create(broker, "urn:a", 1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await broker.NoteAsync("", History.Removed, History.Removal("urn:a", null, null, true, null), null, CancellationToken.None);
        broker.Snapshot();
        _store.Reopen();
        (broker, history) = Open();

        Assert.Null(history.Find("", "urn:a"));
        Assert.Empty(history.All(""));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await Change(broker, "urn:a", 2);
        Assert.NotNull(history.Find("", "urn:a"));
        Assert.Equal([2.0], Numbers(history, "urn:a"));
    }

    [Fact]
    public async Task Forgets_by_type_what_is_older_than_it_is_kept()
    {
        var (broker, history) = Open();
        await Create(broker, "urn:a", 1);
        await Create(broker, "urn:b", 1, "Air");
        _clock.Advance(TimeSpan.FromDays(40));
        await Change(broker, "urn:a", 2);
        await Change(broker, "urn:b", 2);

        var gone = history.Forget(new Dictionary<string, TimeSpan> { [Iri("Air")] = TimeSpan.FromDays(400), ["*"] = TimeSpan.FromDays(30) }, _clock.GetUtcNow());

        Assert.Equal(1, gone);
        Assert.Equal([2.0], Numbers(history, "urn:a"));
        Assert.Equal([1.0, 2.0], Numbers(history, "urn:b"));
    }

    private static string Iri(string type) => Iris.Text(LdContext.Core.Name(type));

    private static IEnumerable<double> Numbers(History history, string id) =>
        history.Series.Of("", id).Where(k => k.Attribute == Iri("v")).SelectMany(k => history.Series.Read(k, 0, long.MaxValue)).Select(s => s.Number);

    private static string Told(History history) => string.Join('\n', history.All("").OrderBy(e => e.Id, StringComparer.Ordinal).Select(e =>
        $"{e.Id} {string.Join(',', e.Types.Select(Iris.Text))} {e.CreatedAt} {e.ModifiedAt} {e.DeletedAt} " +
        string.Join(' ', history.Series.Of("", e.Id).OrderBy(k => k.Attribute, StringComparer.Ordinal).SelectMany(k =>
            history.Series.Read(k, 0, long.MaxValue).Select(s => $"{k.Attribute}@{s.Time}={s.Number}/{Convert.ToHexString(s.Body.Span)}")))));

    private (Broker Broker, History History) Open()
    {
        var broker = new Broker(_store.Log, _store.Snapshots, _clock);
        var history = new History(_store.Store.Series, broker, _store.Views.Open("history"));
        broker.Observe(history);
        broker.Start(history.Position);
        return (broker, history);
    }

    private async Task Create(Broker broker, string id, double value, string type = "Car")
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        var fragment = Fragment(value) with { Types = [LdContext.Core.Name(type)] };
        Assert.True((await broker.DecideAsync<Done>("", EntityFacts.Created, known => new Decision<Done>([EntityChanges.Create(fragment, id, known.Now)], Done.Value), CancellationToken.None)).Ok);
    }

    private async Task Change(Broker broker, string id, double value)
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        var fragment = Fragment(value);
        Assert.True((await broker.DecideAsync<Done>("", EntityFacts.Changed, known =>
            new Decision<Done>(known.Find(id) is { } entity && EntityChanges.Update(entity, fragment, known.Now).Edit is { } edit ? [edit] : [], Done.Value), CancellationToken.None)).Ok);
    }

    private static async Task Delete(Broker broker, string id) =>
        Assert.True((await broker.DecideAsync<Done>("", EntityFacts.Deleted, known => new Decision<Done>([EntityChanges.Delete(id, known.Now)], Done.Value), CancellationToken.None)).Ok);

    private static EntityFragment Fragment(double value) =>
        EntityReader.Read(Encoding.UTF8.GetBytes(FormattableString.Invariant($$$"""{"v":{"type":"Property","value":{{{value}}}}}""")), LdContext.Core, ReadMode.Append).Value;
}
