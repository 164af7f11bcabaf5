using CityHub.Core.Problems;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Access;

/// <summary>May he? One pure function of what is asked, granted, catalogued and listed, and of the time. Deny is the default; one whole grant must permit.</summary>
public static class Decider
{
    /// <summary>Receiver of a standing grant to any department.</summary>
    public const string AnyDepartment = "*";

    /// <summary>Receiver of open data.</summary>
    public const string Public = "public";

    private const DeliveryModes OfRows = DeliveryModes.Api | DeliveryModes.Batch | DeliveryModes.File | DeliveryModes.Subscription;

    public static Decision Decide(Ask ask, IGrants grants, ICatalogue catalogue, IPurposes purposes, DateTimeOffset now)
    {
        if (!Prepare(ask, grants, catalogue, purposes, now, out var question, out var failed))
            return Refusals.Before(failed, ask, catalogue.Find(ask.Dataset));
        var department = DepartmentOf(ask.By);
        var held = grants.Of(ask.Dataset, department ?? Public);
        Grant? permits = null;
        for (var i = 0; i < held.Count; i++)
        {
            var grant = held[i];
            if (IsFor(grant, ask, department, question.Dataset) && (permits is null || string.CompareOrdinal(grant.Id, permits.Id) < 0) && question.Permits(grant))
                permits = grant;
        }

        return permits is not null ? new Permit(permits, question.Dataset, question.Narrowed(permits)) : Closest(question, held, department);
    }

    /// <summary>May he know that it exists? Who may not is answered as if it did not. A catalogue says what is withheld, and by which law; only what is protected is out of sight.</summary>
    public static bool MayDiscover(Caller caller, Dataset dataset, IGrants grants)
    {
        var department = DepartmentOf(caller);
        if ((department is not null && department == dataset.Provider) || (caller.Roles & (Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor)) != 0)
            return true;
        if (dataset.State != DatasetState.Published)
            return false;
        if (dataset.Open)
            return true;
        if (department is null)
            return false;
        if (!dataset.Protected)
            return true;
        var held = grants.Of(dataset.Id, department);
        for (var i = 0; i < held.Count; i++)
            if (held[i].State != GrantState.Disposed && IsReceiver(held[i], department, dataset) && (held[i].Persons is null || (held[i].State == GrantState.Active && IsNamed(held[i], caller))))
                return true;
        return false;
    }

    /// <summary>The same decision with every test of every grant that the caller holds; of others' grants nothing.</summary>
    public static DecisionTrace Explain(Ask ask, IGrants grants, ICatalogue catalogue, IPurposes purposes, DateTimeOffset now)
    {
        var decision = Decide(ask, grants, catalogue, purposes, now);
        if (!Prepare(ask, grants, catalogue, purposes, now, out var question, out var failed))
            return new(decision, Saying.Of(decision), Saying.Before(ask, failed), []);
        var department = DepartmentOf(ask.By);
        var traced = grants.Of(ask.Dataset, department ?? Public).Where(grant => IsFor(grant, ask, department, question.Dataset)).OrderBy(grant => grant.Id, StringComparer.Ordinal)
            .Select(grant => new TracedGrant(grant.Id, grant.Version, question.Permits(grant), Saying.Of(question, grant)));
        return new(decision, Saying.Of(decision), Saying.Before(ask, null), [.. traced]);
    }

    /// <summary>Null for citizens, for the public, and for who calls himself by a name that stands for many.</summary>
    internal static string? DepartmentOf(Caller caller) =>
        caller.Department is null or "" or AnyDepartment or Public || caller.Is(Roles.Citizen) ? null : caller.Department;

    /// <summary>What has to hold before any grant is looked at; the first that does not hold is <paramref name="failed"/>.</summary>
    private static bool Prepare(
        Ask ask, IGrants grants, ICatalogue catalogue, IPurposes purposes, DateTimeOffset now, out Question question, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out ProblemKind? failed)
    {
        question = default;
        failed = null;
        if (!IsClear(ask))
            failed = AccessProblems.AskNotClear;
        else if (System.Numerics.BitOperations.PopCount((uint)(ask.By.Roles & (Roles.Authority | Roles.Auditor | Roles.Operator))) > 1)
            failed = AccessProblems.RolesInConflict;
        else if (ask.By.Is(Roles.Operator))
            failed = AccessProblems.OperatorReadsNothing;
        else if (catalogue.Find(ask.Dataset) is not { } dataset || !MayDiscover(ask.By, dataset, grants))
            failed = SharingProblems.DatasetUnknown;
        else if (dataset.State != DatasetState.Published)
            failed = AccessProblems.DatasetNotPublished;
        else
        {
            var inherent = dataset.Obligations;
            if (Prohibited(dataset, catalogue, Deepest, ref inherent) is { } prohibition)
                failed = prohibition;
            else if (!purposes.IsKnown(ask.Purpose))
                failed = AccessProblems.PurposeUnknown;
            else
                question = new Question(ask, dataset, purposes, inherent.Meet(purposes.Of(ask.Purpose)), now);
        }

        return failed is null;
    }

    /// <summary>So far are the sources of sources followed; a longer chain is refused as if its end were on the negative list.</summary>
    private const int Deepest = 16;

    /// <summary>What was made from a dataset inherits its strictest rules; rules on fields that it no longer has have nothing to bind.</summary>
    private static ProblemKind? Prohibited(Dataset dataset, ICatalogue catalogue, int deeper, ref Obligations inherent)
    {
        if (catalogue.IsNegative(dataset.Id) || deeper == 0)
            return AccessProblems.DatasetNegative;
        if (dataset.Class == SharingClass.Withheld)
            return AccessProblems.DatasetWithheld;
        for (var i = 0; i < dataset.DerivedFrom.Count; i++)
        {
            if (catalogue.IsNegative(dataset.DerivedFrom[i]))
                return AccessProblems.DatasetNegative;
            if (catalogue.Find(dataset.DerivedFrom[i]) is not { } source)
                continue;
            var ofSource = source.Obligations;
            if (Prohibited(source, catalogue, deeper - 1, ref ofSource) is { } prohibition)
                return prohibition;
            if (!ReferenceEquals(ofSource, Obligations.Nothing))
                inherent = inherent.Meet(Inherited(ofSource, source, dataset));
        }

        return null;
    }

    private static Obligations Inherited(Obligations of, Dataset source, Dataset dataset) => of with
    {
        Fields = of.Fields is null ? null : [.. dataset.Fields.Select(field => field.Name).Where(name => of.Fields.Contains(name) || source.Fields.All(field => field.Name != name))],
        Rows = of.Rows.Except(of.Rows.Where(rule => dataset.Fields.All(field => field.Name != rule.Field))),
    };

    private static bool IsClear(Ask ask)
    {
        if (ask.Right is not (Rights.Collect or Rights.Obtain or Rights.Use) || ask.Fields is { IsDefaultOrEmpty: true } || ask.From >= ask.To)
            return false;
        var mode = ask.Mode;
        if (ask.Right == Rights.Collect)
            return true;
        return System.Numerics.BitOperations.IsPow2((int)mode) && (ask.Right != Rights.Obtain || (mode & OfRows) != 0);
    }

    private static bool IsFor(Grant grant, Ask ask, string? department, Dataset dataset) =>
        (ask.Grant is null || ask.Grant == grant.Id) && IsReceiver(grant, department, dataset) && IsNamed(grant, ask.By);

    private static bool IsNamed(Grant grant, Caller by) => grant.Persons is not { } persons || persons.Contains(by.Person);

    /// <summary>A standing grant stands only as long as the dataset is unconditional, or open.</summary>
    private static bool IsReceiver(Grant grant, string? department, Dataset dataset) =>
        grant.Dataset == dataset.Id
        && (grant.Receiver == AnyDepartment ? department is not null && dataset.Class == SharingClass.Unconditional
            : grant.Receiver == Public ? dataset.Open
            : grant.Receiver == department);

    /// <summary>Of the grants that the caller holds, the one that fails the fewest tests, then the one that fails latest, then the smallest id.</summary>
    private static Refuse Closest(in Question question, IReadOnlyList<Grant> held, string? department)
    {
        Grant? closest = null;
        var (fewest, latest) = (int.MaxValue, -1);
        for (var i = 0; i < held.Count; i++)
        {
            var grant = held[i];
            if (!IsFor(grant, question.Ask, department, question.Dataset))
                continue;
            var (fails, first) = (0, -1);
            for (var test = Question.Tests - 1; test >= 0; test--)
                if (!question.Passes((GrantTest)test, grant))
                    (fails, first) = (fails + 1, test);
            if (fails < fewest || (fails == fewest && (first > latest || (first == latest && closest is not null && string.CompareOrdinal(grant.Id, closest.Id) < 0))))
                (closest, fewest, latest) = (grant, fails, first);
        }

        return closest is null ? Refusals.NoGrant(question.Ask) : Refusals.Of((GrantTest)latest, question, closest);
    }
}
