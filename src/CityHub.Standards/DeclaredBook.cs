using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Standards;

/// <summary>What a department declared, as it stands.</summary>
internal sealed record Declared<T>(string Id, int Version, DateTimeOffset At, T What);

/// <summary>Declarations of departments by name, each in its newest version: a view over facts with id, version, by and the declaration.</summary>
/// <param name="fact">The type of those facts.</param>
/// <param name="member">Where the declaration is in them.</param>
internal abstract class DeclaredBook<T>(IFactLog log, TimeProvider clock, string stream, string fact, string member) : FactBook(log, clock, stream)
    where T : class, IOwned
{
    private readonly ConcurrentDictionary<string, Declared<T>> _all = new(StringComparer.Ordinal);

    public Declared<T>? Find(string id) => _all.GetValueOrDefault(id);

    public IReadOnlyList<Declared<T>> Page(string? after, int limit, Func<Owner, bool> sees) =>
        [.. _all.Values.Where(d => (after is null || string.CompareOrdinal(d.Id, after) > 0) && sees(d.What.Owner)).OrderBy(d => d.Id, StringComparer.Ordinal).Take(limit)];

    /// <summary>What a delivery of this dataset may use: its own, or its department's.</summary>
    public T? For(string? id, string dataset, string department) =>
        id is not null && Find(id)?.What is { } what && (what.Owner.Dataset is { } own ? own == dataset : what.Owner.Department == department) ? what : null;

    /// <summary>Declares or declares anew; what changes nothing is not a new version.</summary>
    /// <param name="taken">Asked about what has the name already, at the moment at which it would be replaced; null: nobody else declares.</param>
    protected ValueTask<Result<Declared<T>>> DeclareAsync(string id, string by, Func<T, Problem?>? taken, Func<Result<T>> decide) => RecordAsync<Declared<T>>(now =>
    {
        var known = Find(id);
        if (known is not null && taken?.Invoke(known.What) is { } others)
            return others;
        if (!decide().TryGet(out var what, out var problem))
            return problem;
        var json = Write(what);
        if (known is not null && Write(known.What).AsSpan().SequenceEqual(json))
            return ((IReadOnlyList<NewFact>)[], known);
        var version = (known?.Version ?? 0) + 1;
        return ((IReadOnlyList<NewFact>)[Fact(fact, to =>
        {
            to.WriteString("id"u8, id);
            to.WriteNumber("version"u8, version);
            to.WriteString("by"u8, by);
            to.WritePropertyName(member);
            to.WriteRawValue(json);
        })], new Declared<T>(id, version, now, what));
    });

    public abstract byte[] Write(T what);

    protected abstract Result<T> Read(ReadOnlySpan<byte> utf8);

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        if (type != fact)
            return;
        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        var id = root.GetProperty("id"u8).GetString() ?? "";
        // Not compiled here: the code tables that it names are another stream's, and may not be read yet. Who uses it compiles it.
        _all[id] = new Declared<T>(id, root.GetProperty("version"u8).GetInt32(), at, Read(JsonMarshal.GetRawUtf8Value(root.GetProperty(member))).Value);
    }
}
