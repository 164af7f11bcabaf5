using System.Collections.Concurrent;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Import;

/// <summary>The imports of one tenant, where they came from and how far: a view over the stream <c>imports</c>.</summary>
internal sealed class ImportBook(IFactLog log, TimeProvider clock, string tenant) : TenantBook(log, clock, StreamName, tenant)
{
    public const string StreamName = "imports";
    public const string Begun = "ImportBegun";
    public const string Advanced = "ImportAdvanced";
    public const string Finished = "ImportFinished";

    private readonly ConcurrentDictionary<string, ImportState> _imports = new(StringComparer.Ordinal);

    public ImportState? Find(string id) => _imports.GetValueOrDefault(id);

    /// <summary>In the order of their ids.</summary>
    public IReadOnlyList<ImportState> Page(string? after, int limit) =>
        [.. _imports.Values.Where(i => after is null || string.CompareOrdinal(i.Id, after) > 0).OrderBy(i => i.Id, StringComparer.Ordinal).Take(limit)];

    /// <summary>What changes nothing is no fact.</summary>
    public ValueTask<Result<ImportState>> NoteAsync(ImportState state) => RecordAsync<ImportState>(now =>
    {
        var known = Find(state.Id);
        var noted = state with { At = now };
        if (known is not null && known with { At = now } == noted)
            return ((IReadOnlyList<NewFact>)[], known);
        var type = state.Finished ? Finished : known is null ? Begun : Advanced;
        return ((IReadOnlyList<NewFact>)[Fact(type, json => state.Write(json, withTime: false))], noted);
    });

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        if (ImportState.Read(payload) is { } state)
            _imports[state.Id] = state with { At = at };
    }
}
