using System.Text;
using CityHub.Core.Grains;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Releases;

/// <summary>A question bound to what is released; and what is found where it is about one row.</summary>
internal sealed class BoundQuery
{
    public const string AnswerField = "answer";

    public static readonly TableSchema AnswerSchema = new([new TableColumn(AnswerField, ColumnType.Text, false)]);

    private readonly ReleasePlan _plan;
    private readonly string? _key;
    private Truth _answer = Truth.Unknown;

    private BoundQuery(ReleasePlan plan, RowTestOf? where, (int, bool)[] order, Grouped? grouped, string? key, bool verify) =>
        (_plan, Where, Order, Grouped, _key, Verify) = (plan, where, order, grouped, key, verify);

    /// <summary>Columns by which rows are told apart; null: they are not.</summary>
    public int[]? Distinct { get; private init; }

    public RowTestOf? Where { get; }

    public (int Column, bool Descending)[] Order { get; }

    public Grouped? Grouped { get; }

    public bool Verify { get; }

    /// <summary>About one row: it is found before the opening act is recorded.</summary>
    public bool Single => Verify || _key is not null;

    public RowBatch? Found { get; private set; }

    public List<string> Subjects { get; } = [];

    /// <summary>What the obligations do not let a question ask for, whatever its fields are.</summary>
    public static Problem? Refuses(Ask ask, ReleaseQuery query, ReleasePlan plan)
    {
        if (query.Offset < 0 || query.Limit < 0)
            return ReleaseProblems.QueryNotClear.Because("Offset and limit are not negative.");
        if (ask.Mode == DeliveryModes.Verify)
            return query.GroupBy is not null || query.Where is null ? ReleaseProblems.VerifyNotClear.Because("A verification states something of one row, and asks whether it is true.", "Give the row's key and a condition on its fields.")
                : plan.GroupsOnly ? Rows("only groups may leave under the grant") : null;
        if (query.GroupBy is not null)
            return ask.Right == Rights.Collect ? Rows("the right to collect gives nothing out")
                : plan.GroupsOnly && plan.HidesGroups && plan.Permit.Dataset.Source == DatasetSource.Entities ? ReleaseProblems.GroupsNotKept.Because(
                    $"{plan.Permit.Dataset.Id} changes with every report: what two answers differ by is one of them.", "Ask for a grant with noise (ε), or for deliveries of a table.", "smallest group of the grant")
                : null;
        if (plan.GroupsOnly)
            return Rows($"groups of at least {Math.Max(plan.SmallestGroup, 1)} leave under the grant, and neither rows nor how many there are");
        return ask.Right == Rights.Obtain || (ask.Right == Rights.Use && query.Limit == 0 && query.Key is null) ? null : Rows("the right to use gives answers");
    }

    /// <summary>
    /// An ask for an area or a period narrows rows by their raw values: it must not be finer than what is released of them, or the answer would tell what the mask hides.
    /// </summary>
    public static Problem? TooNarrow(Ask ask, Permit permit, TimeSpan offset)
    {
        var (dataset, obligations) = (permit.Dataset, permit.Obligations);
        if (ask.Area is { } area && !permit.Grant.Obligations.Rows.Any(rule => rule.Field == dataset.Area && rule.Values.Contains(AdminCodes.Prefix(area))))
        {
            var digits = Kind(dataset.Area) switch
            {
                MaskKind.Raw => int.MaxValue,
                MaskKind.Coarse => obligations.Grain.Space switch { SpaceGrain.Grid or SpaceGrain.Community => 12, SpaceGrain.Town => 9, SpaceGrain.Point or SpaceGrain.District => 6, SpaceGrain.City => 4, SpaceGrain.Province => 2, _ => 0 },
                _ => 0,
            };
            if (AdminCodes.Prefix(area).Length > digits)
                return AccessProblems.Of(new Refuse(AccessProblems.AreaNotGranted.Code, $"grant {permit.Grant.Id}", $"The area {area} is finer than what is released of places.", "Ask for a larger area."));
        }

        foreach (var at in new[] { ask.From, ask.To })
        {
            if (at is { } time && dataset.Time is not null && !Released(time))
                return AccessProblems.Of(new Refuse(AccessProblems.PeriodNotGranted.Code, $"grant {permit.Grant.Id}", "The period is finer than what is released of times.", "Ask from the first to the first of the months, quarters or years that are released."));
        }

        return null;

        bool Released(DateTimeOffset time) => Kind(dataset.Time) switch
        {
            MaskKind.Raw => true,
            MaskKind.Coarse when obligations.Grain.Time != TimeGrain.Always =>
                new TimeMask(ColumnType.Instant, obligations.Grain.Time == TimeGrain.Instant ? TimeGrain.Year : obligations.Grain.Time, offset) is var mask
                && (time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond is var microseconds && mask.Of(microseconds) == microseconds,
            _ => false,
        };

        MaskKind Kind(string? name) => dataset.Fields.FirstOrDefault(field => field.Name == name) is { } field && (permit.Grant.Obligations.Fields is null || permit.Grant.Obligations.Fields.Contains(field.Name))
            ? ReleasePlan.KindOf(field, dataset, obligations)
            : MaskKind.Hidden;
    }

    public static Result<BoundQuery> Bind(ReleaseQuery query, Ask ask, ReleasePlan plan, Func<string, (long, long)?> bounds)
    {
        var (released, dataset) = (plan.Released, plan.Permit.Dataset);
        if (query.GroupBy is { } grouping)
            return Grouped.Of(query, grouping, plan, bounds).Map(grouped => new BoundQuery(plan, null, [], grouped, null, false) { _orderBy = query.OrderBy });
        var verify = ask.Mode == DeliveryModes.Verify;
        var (where, key) = (query.Where, query.Key);
        if (verify && key is null && where is not null)
        {
            key = Anchor(where, dataset.Key);
            if (key is null && Anchor(where, dataset.Subject) is null)
                return ReleaseProblems.VerifyNotClear.Because("It is not said which row the statement is about.", "Give the key, or let the condition say of which person it is.");
        }

        if (key is not null && (dataset.Key is not { } keyed || !Conditions.Field(keyed, released).Ok))
            return ReleaseProblems.FieldUnknown.Because("What is released has no key by which a row could be asked for.", "Ask with a condition on a field that is released.");
        RowTestOf? test = null;
        if (where is not null && !Conditions.Bind(where, released, dataset).TryGet(out test, out var problem))
            return problem;
        if (!Apart(query, released).TryGet(out var distinct, out problem))
            return problem;
        return Orders(query.OrderBy, released).Map(order => new BoundQuery(plan, test, order, null, key, verify) { Distinct = query.Distinct ? distinct : null });
    }

    /// <param name="mixed">Puts rows of nobody between the others; null: there are none.</param>
    /// <param name="canaries">The same rows.</param>
    public async ValueTask<Problem?> FindAsync(ITable table, Func<RowBatch, RowBatch>? mixed, RowBatch? canaries, CancellationToken cancel)
    {
        if (_key is not null)
        {
            if (!(await RowAsync(table, _key, mixed, canaries, cancel)).TryGet(out var batch, out var problem))
                return problem;
            if (Verify)
                _answer = batch.Rows > 0 && Where is not null ? Where.Of(batch, 0) : Truth.Unknown;
            Person(batch); // whose row was looked at, whatever is said of it
            Found = batch.Rows > 0 && !Verify && Where is not null && Where.Of(batch, 0) != Truth.True ? null : batch;
        }
        else
        {
            _answer = Truth.False;
            if (!(await FirstAsync(table, Where, mixed, cancel)).TryGet(out var batch, out var problem))
                return problem;
            Person(batch);
            if (batch.Rows > 0)
                (_answer, Found) = (Truth.True, batch);
        }

        return null;
    }

    public Result<RowSource> Answer()
    {
        var kept = new RowBuffer(AnswerSchema);
        var word = _answer switch { Truth.True => "true"u8.ToArray(), Truth.False => "false"u8.ToArray(), _ => "unknown"u8.ToArray() };
        kept.Add(new RowBatch(AnswerSchema, [new ColumnBatch(ColumnType.Text) { Bytes = word, Offsets = [0, word.Length] }]) { Rows = 1 }, 0);
        return new KeptSource(kept, [0]);
    }

    /// <summary>The order that was asked for, then that of the groups' own fields.</summary>
    public Result<(int, bool)[]> OrderOf(TableSchema answer, int groupFields) =>
        Orders(_orderBy, answer).Map(order => ((int, bool)[])[.. order, .. Enumerable.Range(0, groupFields).Select(field => (field, false))]);

    private IReadOnlyList<(string Field, bool Descending)> _orderBy = [];

    private void Person(RowBatch found)
    {
        if (_plan.Subject >= 0 && found.Rows > 0 && !found.Columns[^1].IsNull(0) && CellText.TextOf(found.Columns[^1], 0) is { Length: > 0 } person)
            Subjects.Add(person);
    }

    private static Result<int[]> Apart(ReleaseQuery query, TableSchema released)
    {
        if (query.DistinctBy is not { } fields)
            return Enumerable.Range(0, released.Columns.Count).ToArray();
        var apart = new int[fields.Count];
        for (var i = 0; i < apart.Length; i++)
        {
            if (!Conditions.Field(fields[i], released).TryGet(out apart[i], out var problem))
                return problem;
        }

        return apart;
    }

    private static Problem Rows(string why) => ReleaseProblems.RowsNotReleased.Because($"No rows: {why}.", "Ask a question about groups: counts, sums and means by field.", "decree 809, art. 25: within the scope that was granted");

    private static Result<(int, bool)[]> Orders(IReadOnlyList<(string Field, bool Descending)> by, TableSchema schema)
    {
        var order = new (int, bool)[by.Count];
        for (var i = 0; i < order.Length; i++)
        {
            if (!Conditions.Field(by[i].Field, schema).TryGet(out var field, out var problem))
                return problem;
            order[i] = (field, by[i].Descending);
        }

        return order;
    }

    /// <summary>The value that a condition says the field has, whatever else it says.</summary>
    private static string? Anchor(Condition condition, string? field) => condition switch
    {
        Condition.And(var left, var right) => Anchor(left, field) ?? Anchor(right, field),
        Condition.Compare { Operator: "=" } compare when compare.Field == field => compare.Value,
        _ => null,
    };

    /// <summary>By the index where the key leaves raw; else among the masked values, in which nobody can look for a raw one.</summary>
    private async ValueTask<Result<RowBatch>> RowAsync(ITable table, string key, Func<RowBatch, RowBatch>? mixed, RowBatch? canaries, CancellationToken cancel)
    {
        var name = _plan.Permit.Dataset.Key ?? "";
        if (_plan.KeyIsRaw && table.Schema.Key >= 0 && table.Schema.Columns[table.Schema.Key].Name == name)
            return PipelineSource.Row(_plan, table, Encoding.UTF8.GetBytes(key), canaries);
        return Conditions.Bind(new Condition.Compare(name, "=", key), _plan.Released, _plan.Permit.Dataset).TryGet(out var same, out _)
            ? await FirstAsync(table, same, mixed, cancel)
            : new RowBatch(_plan.Working, Columns.Of(_plan.Working)); // no value of the key reads so: there is no such row
    }

    private async ValueTask<Result<RowBatch>> FirstAsync(ITable table, RowTestOf? where, Func<RowBatch, RowBatch>? mixed, CancellationToken cancel)
    {
        if (!PipelineSource.Over(_plan, table, mixed).TryGet(out var source, out var problem))
            return problem;
        var kept = new RowBuffer(_plan.Working);
        await using var rows = new FilteredSource(source, where, 0, 1);
        while (kept.Rows == 0 && await rows.NextAsync(cancel) is { } batch)
            if (batch.Rows > 0)
                kept.Add(batch, 0);
        return kept.Batch;
    }
}
