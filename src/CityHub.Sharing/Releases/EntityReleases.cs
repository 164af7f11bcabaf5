using System.Security.Cryptography;
using CityHub.Core.Grains;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Releases;

/// <summary>That a caller may be given entities as they are, under one grant.</summary>
/// <param name="Fields">What of the dataset leaves, each as it is.</param>
/// <param name="Versions">As of the decision.</param>
internal sealed record EntityPermit(Ask Ask, string Receiver, Permit Permit, ReleasePlan Plan, IReadOnlySet<string> Fields, (long Grants, long Catalogue) Versions);

/// <summary>
/// Entities under grants, decided, counted and recorded as rows are: by the same decision, against the same quotas, with the same acts. A broker gives entities as they are, so a grant under which a value
/// has to be changed on its way is refused here, and is kept by a release.
/// </summary>
internal sealed class EntityReleases(Releases releases)
{
    public Result<EntityPermit> Decide(Ask ask)
    {
        ask = releases.WithPurpose(ask);
        var versions = releases.Versions; // before the decision: what changes while it is made is noticed
        if (!releases.Permitted(ask).TryGet(out var permit, out var problem))
            return problem;
        if ((NotKept(permit) ?? releases.Witnessed(permit)) is { } refused)
            return refused;
        var receiver = ReleaseActs.ReceiverOf(ask.By);
        return new EntityPermit(ask with { Grant = permit.Grant.Id }, receiver, permit, releases.PlanOf(ask, permit, receiver), FieldsOf(permit), versions);
    }

    /// <summary>Null while it holds.</summary>
    public Problem? StillHolds(EntityPermit held) => releases.Versions == held.Versions && releases.Clock.GetUtcNow() is var now && now < held.Permit.Grant.Until && !(now >= held.Permit.Obligations.Expires)
        ? null
        : releases.StillHolds(held.Ask, held.Permit, releases.Clock.GetUtcNow());

    /// <summary>Takes from the quota and records: a request, so many entities, the persons whom they are about. The receipt, or nothing leaves.</summary>
    public async ValueTask<Result<long>> OpenAsync(EntityPermit held, string question, int rows, IReadOnlyList<string> subjects, CancellationToken cancel)
    {
        var (quota, used) = (held.Permit.Obligations.Quota, releases.UsedBy(held.Permit, held.Receiver));
        if (!used.Request(quota.RequestsPerDay))
            return await RefusedAsync(held.Ask, UsedUp(held, "requests"), cancel);
        var taken = used.Rows(rows, quota.RowsPerDay);
        if (taken < rows)
        {
            used.NoRows(taken);
            return await RefusedAsync(held.Ask, UsedUp(held, "rows"), cancel);
        }

        var (receipt, told) = (0L, false);
        try
        {
            string[] persons = [.. subjects];
            if (!(await releases.Acts.RecordAsync(ReleaseActs.OpenedBy(held.Ask, held.Plan, held.Receiver, releases.DigestOf(question), persons[..Math.Min(persons.Length, ReleaseActs.MostSubjects)]), CancellationToken.None)).TryGet(out var opened, out var problem))
                return problem;
            receipt = opened.Position;
            if (persons.Length > ReleaseActs.MostSubjects && await releases.TellAsync(receipt, persons[ReleaseActs.MostSubjects..], cancel) is { } untold)
                return untold;
            told = true;
            return receipt;
        }
        finally
        {
            if (!told)
                await GiveUpAsync(held, receipt, rows, null);
        }
    }

    /// <summary>Nothing left under it: the rows that it took from the quota are given back, and where it was opened it is closed. An opening counts as a request, as it does after a start.</summary>
    /// <param name="receipt">0: it was not opened.</param>
    public async ValueTask GiveUpAsync(EntityPermit held, long receipt, int rows, Problem? why)
    {
        var used = releases.UsedBy(held.Permit, held.Receiver);
        used.NoRows(rows);
        if (receipt == 0)
            used.NoRequest();
        else
            await releases.CloseAsync(ReleaseActs.ClosedAfter(receipt, held.Permit.Grant.Id, held.Receiver, 0, 0, HashOf([]), "refused", why?.Code));
    }

    /// <summary>Waits for a write as long as all of them hold.</summary>
    /// <exception cref="ReleaseEndedException">One was suspended or has ended since; the connection is to be cut.</exception>
    public Task WaitAsync(Task writing, IReadOnlyCollection<EntityPermit> held) => RunningRelease.WaitAsync(writing, releases.Clock, () =>
    {
        foreach (var one in held)
            if (StillHolds(one) is { } ended)
                throw new ReleaseEndedException(ended);
    });

    /// <summary>False: the day's bytes are used up.</summary>
    public bool Bytes(EntityPermit held, int bytes) => releases.UsedBy(held.Permit, held.Receiver).Bytes(bytes, held.Permit.Obligations.Quota.BytesPerDay);

    public ValueTask CloseAsync(EntityPermit held, long receipt, int rows, long bytes, ReadOnlySpan<byte> hash, bool complete, Problem? ended) => releases.CloseAsync(
        ReleaseActs.ClosedAfter(receipt, held.Permit.Grant.Id, held.Receiver, complete ? rows : 0, bytes, hash, ended is not null ? "ended" : complete ? "complete" : "cut", ended?.Code));

    /// <summary>The provider reads its own: no grant, and a record all the same.</summary>
    public async ValueTask<Problem?> OwnAsync(Caller by, Dataset dataset, string question, int rows, IReadOnlyList<string> subjects, CancellationToken cancel)
    {
        var parts = subjects.Chunk(ReleaseActs.MostSubjects).DefaultIfEmpty([]);
        foreach (var recorded in await Task.WhenAll(parts.Select(part => releases.Acts.RecordAsync(ReleaseActs.OwnBy(by, dataset, releases.DigestOf(question), rows, part), cancel).AsTask())))
            if (recorded.Problem is { } problem)
                return problem;
        return null;
    }

    public ValueTask<Problem> RefusedAsync(Ask ask, Problem problem, CancellationToken cancel) => releases.RefusedAsync(ask, problem, cancel);

    public static byte[] HashOf(ReadOnlySpan<byte> body) => SHA256.HashData(body);

    /// <summary>What would have to be changed on the way; null: entities may go as they are.</summary>
    private static Problem? NotKept(Permit permit)
    {
        var (dataset, obligations) = (permit.Dataset, permit.Obligations);
        var why = obligations.Grain != Grain.Finest ? "is for a coarser grain"
            : obligations.SmallestGroup > 1 || obligations.Epsilon is not null ? "is for answers about groups"
            : permit.Grant.Rights == Rights.Use ? "gives answers, and no rows"
            : obligations.Watermark ? "has measurements leave with a mark"
            : obligations.Canaries > 0 ? "puts rows of nobody among the others"
            : dataset.Fields.FirstOrDefault(f => Leaves(f, obligations) && ReleasePlan.KindOf(f, dataset, obligations) is not (MaskKind.Raw or MaskKind.Hidden)) is { } masked ? $"masks {masked.Name}"
            : dataset.Key is { } key && !FieldsOf(permit).Contains(key) ? $"hides {key}, by which entities are told apart"
            : dataset.Fields.FirstOrDefault(f => f.Attribute == EntityTerms.ObservedAt && !FieldsOf(permit).Contains(f.Name)) is { } time ? $"hides {time.Name}, and each attribute tells when it was observed"
            : null;
        return why is null ? null : ReleaseProblems.OnlyAsRelease.Because($"The grant {permit.Grant.Id} {why}.", $"Take it as a release: GET /data/{dataset.Id} keeps the grant.", $"grant {permit.Grant.Id}");
    }

    private static HashSet<string> FieldsOf(Permit permit) =>
        permit.Dataset.Fields.Where(f => Leaves(f, permit.Obligations) && ReleasePlan.KindOf(f, permit.Dataset, permit.Obligations) == MaskKind.Raw).Select(f => f.Name).ToHashSet(StringComparer.Ordinal);

    private static bool Leaves(DataField field, Obligations obligations) => obligations.Fields is null || obligations.Fields.Contains(field.Name);

    private static Problem UsedUp(EntityPermit held, string what) =>
        ReleaseProblems.QuotaUsedUp.Because($"What is left of the day's {what} does not reach.", "Go on tomorrow, ask for less, or ask for a larger quota.", $"grant {held.Permit.Grant.Id}");
}
