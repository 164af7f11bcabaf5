using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Standards.Calibres;
using CityHub.Standards.Models;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards;

/// <summary>A schema in force, ready for use.</summary>
public sealed record StoredSchema(string Name, int Version, string? Id, string By, DateTimeOffset At, JsonElement Document);

/// <summary>Everything of one kind that is or was in force, by name, oldest first.</summary>
internal sealed class Versions<T>
    where T : class
{
    private readonly ConcurrentDictionary<string, ImmutableList<T>> _all = new(StringComparer.Ordinal);

    public IReadOnlyList<T> Of(string id) => _all.TryGetValue(id, out var versions) ? versions : [];

    public T? Newest(string id) => _all.TryGetValue(id, out var versions) ? versions[^1] : null;

    public IEnumerable<T> Newest() => _all.Values.Select(v => v[^1]);

    /// <summary>The newest version of each, by name.</summary>
    public IReadOnlyList<T> Page(string? after, int limit) =>
        [.. _all.Where(p => after is null || string.CompareOrdinal(p.Key, after) > 0).OrderBy(p => p.Key, StringComparer.Ordinal).Take(limit).Select(p => p.Value[^1])];

    public void Add(string id, T version) => _all.AddOrUpdate(id, [version], (_, known) => known.Add(version));

    public void Change(string id, Func<T, T> change) => _all[id] = [.. _all[id].Select(change)];
}

/// <summary>The words that the city agrees on, and those that wait for a second person: a view over the stream <c>standards</c>.</summary>
internal sealed class StandardsBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, StreamName), ICodeTables
{
    public const string StreamName = "standards";

    private readonly ConcurrentDictionary<(string Kind, string Id), Proposal<Word>> _drafts = new();

    public Versions<DataElement> Elements { get; } = new();

    public Versions<CodeTable> Tables { get; } = new();

    public Versions<Calibre> Calibres { get; } = new();

    public Versions<StoredSchema> Schemas { get; } = new();

    /// <summary>Counts the schemas that came into force: what was compiled before the last one is out of date.</summary>
    public int SchemaChanges { get; set; }

    public IEnumerable<Proposal<Word>> Drafts => _drafts.OrderBy(d => d.Key).Select(d => d.Value);

    public Proposal<Word>? Draft(WordKind kind, string id) => _drafts.GetValueOrDefault((kind.Name, id));

    public CodeTable? Find(string id) => Tables.Newest(id);

    /// <summary>A schema by what a <c>$ref</c> calls it.</summary>
    public JsonElement? SchemaOf(string address) => Schemas.Newest().FirstOrDefault(s => s.Id == address)?.Document;

    public ValueTask<Result<Proposal<Word>>> DraftAsync(Word word, string by) => RecordAsync<Proposal<Word>>(now =>
    {
        if (!word.Kind.Next(this, word).TryGet(out var version, out var problem))
            return problem;
        var before = Draft(word.Kind, word.Id);
        var draft = Proposal.Of(word, version.Number, word.Declaration, by, now, before);
        if (version.InForce || (before?.Hash == draft.Hash && before.By == by))
            return ((IReadOnlyList<NewFact>)[], draft);
        return ((IReadOnlyList<NewFact>)[Fact(word.Kind.Drafted, to =>
        {
            to.WriteString("id"u8, word.Id);
            to.WriteNumber("version"u8, version.Number);
            to.WriteString("by"u8, by);
            to.WritePropertyName("declaration"u8);
            to.WriteRawValue(word.Declaration.Span);
        })], draft);
    });

    public ValueTask<Result<Proposal<Word>>> PublishAsync(WordKind kind, string id, AsRead read, string by) => RecordAsync<Proposal<Word>>(_ =>
    {
        if (Draft(kind, id) is not { } draft)
            return DraftWord.Nothing(kind, id);
        // What it stands on may have changed since it was drafted.
        if ((draft.Refused($"{kind.Segment}/{id}", by, read) ?? kind.Next(this, draft.What).Problem) is { } problem)
            return problem;
        return ((IReadOnlyList<NewFact>)[Fact(kind.Published, to =>
        {
            to.WriteString("id"u8, id);
            to.WriteNumber("version"u8, draft.Version);
            to.WriteString("by"u8, by);
            to.WriteString("hash"u8, draft.Hash);
        })], draft);
    });

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        // A schema may be 128 deep.
        using var document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 256 });
        var root = document.RootElement;
        if (WordKind.All.FirstOrDefault(k => type == k.Drafted || type == k.Published) is not { } kind)
            return;
        var (id, version, by) = (root.GetProperty("id"u8).GetString() ?? "", root.GetProperty("version"u8).GetInt32(), root.GetProperty("by"u8).GetString() ?? "");
        if (type == kind.Drafted)
        {
            var declaration = JsonMarshal.GetRawUtf8Value(root.GetProperty("declaration"u8)).ToArray();
            _drafts[(kind.Name, id)] = Proposal.Of(new Word(kind, id, declaration), version, declaration, by, at, Draft(kind, id));
        }
        else if (_drafts.TryRemove((kind.Name, id), out var draft))
            kind.Enter(this, draft.What, new WordRecord(version, draft.Authors, by, at));
    }
}
