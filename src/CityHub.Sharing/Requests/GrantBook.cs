using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;

namespace CityHub.Sharing.Requests;

/// <summary>
/// All grants: a view over the stream <c>grants</c>, whose facts are GrantMade, GrantVersioned and FlowBackOpened; each holds the whole version. Decisions read one
/// immutable picture without a lock; the lists they get are ready and shared, so that reading allocates nothing.
/// </summary>
internal sealed class GrantBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, StreamName), IGrants
{
    public const string StreamName = "grants", Made = "GrantMade", Versioned = "GrantVersioned", FlowBackOpened = "FlowBackOpened";
    public const string Everybody = "*", Public = "public";

    private volatile Picture _picture = Picture.Nothing;

    /// <summary>A grant is new or has a new version. Called with the picture in place.</summary>
    public event Action<Grant>? Changed;

    public long Version => _picture.Version;

    public int Count => _picture.ById.Count;

    public IEnumerable<Grant> All => _picture.ById.Values;

    public Grant? Find(string id) => _picture.ById.GetValueOrDefault(id);

    public IReadOnlyList<Grant> Of(string dataset, string receiver) => _picture.ByDataset.TryGetValue(dataset, out var grants) ? grants.Of(receiver) : [];

    /// <summary>
    /// A grant that answers no request: standing grants of unconditional and open datasets, flow-back. One that has run out is made again as its next version. The one of a request
    /// comes by <see cref="FollowAsync"/>.
    /// </summary>
    public ValueTask<Result<Grant>> MakeAsync(Grant grant, string fact = Made) => RecordAsync<Grant>(now =>
    {
        var known = Find(grant.Id);
        if (known is not null && (known.Until > now || known.Dataset != grant.Dataset || known.Receiver != grant.Receiver))
            return RequestProblems.Stands(grant.Id);
        var made = grant with { Version = (known?.Version ?? 0) + 1 };
        return (One(fact, made), made);
    });

    /// <summary>Many at once, in one append.</summary>
    public ValueTask<Result<int>> MakeAsync(IReadOnlyList<Grant> grants) => RecordAsync<int>(_ =>
    {
        foreach (var grant in grants)
            if (Find(grant.Id) is not null)
                return RequestProblems.Stands(grant.Id);
        return ((IReadOnlyList<NewFact>)[.. grants.Select(g => Of(Made, g with { Version = 1 }))], grants.Count);
    });

    /// <summary>The grant as it shall be from now on; what changes nothing is no new version.</summary>
    public ValueTask<Result<Grant>> FollowAsync(Grant wanted) => RecordAsync<Grant>(_ =>
    {
        if (Find(wanted.Id) is not { } known)
            return (One(Made, wanted with { Version = 1 }), wanted with { Version = 1 });
        if (Text(wanted with { Version = known.Version }).AsSpan().SequenceEqual(Text(known)))
            return ((IReadOnlyList<NewFact>)[], known);
        var next = wanted with { Version = known.Version + 1 };
        return (One(Versioned, next), next);
    });

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        if (type is not (Made or Versioned or FlowBackOpened))
            return;
        using var document = JsonDocument.Parse(payload);
        var grant = GrantJson.Read(document.RootElement.GetProperty("grant"u8));
        _picture = _picture.With(grant);
        Changed?.Invoke(grant);
    }

    private static IReadOnlyList<NewFact> One(string type, Grant grant) => [Of(type, grant)];

    private static NewFact Of(string type, Grant grant) => Fact(type, json =>
    {
        json.WritePropertyName("grant"u8);
        GrantJson.Write(json, grant);
    });

    private static byte[] Text(Grant grant)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
            GrantJson.Write(json, grant);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>One version of all grants.</summary>
    private sealed record Picture(ImmutableDictionary<string, Grant> ById, ImmutableDictionary<string, DatasetGrants> ByDataset, long Version)
    {
        public static readonly Picture Nothing = new(
            ImmutableDictionary.Create<string, Grant>(StringComparer.Ordinal), ImmutableDictionary.Create<string, DatasetGrants>(StringComparer.Ordinal), 0);

        public Picture With(Grant grant)
        {
            // Receiver and dataset of a grant never change: a version takes the place of the one before it.
            var dataset = ByDataset.GetValueOrDefault(grant.Dataset) ?? DatasetGrants.Nothing;
            return new Picture(ById.SetItem(grant.Id, grant), ByDataset.SetItem(grant.Dataset, dataset.With(grant)), Version + 1);
        }
    }

    /// <summary>The grants of one dataset: of each receiver its own, together with those to everybody and to the public, by id.</summary>
    private sealed record DatasetGrants(Grant[] Public, Grant[] Everybody, ImmutableDictionary<string, Grant[]> Own, ImmutableDictionary<string, Grant[]> Whole)
    {
        public static readonly DatasetGrants Nothing = new(
            [], [], ImmutableDictionary.Create<string, Grant[]>(StringComparer.Ordinal), ImmutableDictionary.Create<string, Grant[]>(StringComparer.Ordinal));

        private readonly Grant[] _standing = Merge(Public, Everybody, []);

        public Grant[] Of(string receiver) => receiver == GrantBook.Public ? Public : Whole.GetValueOrDefault(receiver) ?? _standing;

        public DatasetGrants With(Grant grant)
        {
            if (grant.Receiver is GrantBook.Public or GrantBook.Everybody)
            {
                var (open, everybody) = grant.Receiver == GrantBook.Public ? (Put(Public, grant), Everybody) : (Public, Put(Everybody, grant));
                return new DatasetGrants(open, everybody, Own, Own.ToImmutableDictionary(o => o.Key, o => Merge(open, everybody, o.Value), StringComparer.Ordinal));
            }

            var own = Put(Own.GetValueOrDefault(grant.Receiver) ?? [], grant);
            return new DatasetGrants(Public, Everybody, Own.SetItem(grant.Receiver, own), Whole.SetItem(grant.Receiver, Merge(Public, Everybody, own)));
        }

        private static Grant[] Put(Grant[] grants, Grant grant) => [.. grants.Where(g => g.Id != grant.Id).Append(grant).OrderBy(g => g.Id, StringComparer.Ordinal)];

        private static Grant[] Merge(Grant[] open, Grant[] everybody, Grant[] own) => [.. open.Concat(everybody).Concat(own).OrderBy(g => g.Id, StringComparer.Ordinal)];
    }
}
