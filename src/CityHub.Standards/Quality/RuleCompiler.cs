using System.Globalization;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Standards.Mapping;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards.Quality;

/// <summary>What rules need beside the rows.</summary>
/// <param name="Department">On whose behalf they look into other datasets.</param>
internal sealed record RuleSurroundings(ICodeTables Tables, IReferences References, string Department, DateTimeOffset AsOf, DateTimeOffset Delivered);

/// <summary>Makes checks out of rules, once for each delivery.</summary>
internal static class RuleCompiler
{
    private static readonly Dictionary<string, (int Dimension, bool Field, string Zh, string En)> Kinds = new(StringComparer.Ordinal)
    {
        ["pattern"] = (Dimensions.Normative, true, "不符合规定格式", "it does not have the form that is laid down"),
        ["length"] = (Dimensions.Normative, true, "长度超出规定范围", "it is longer or shorter than is laid down"),
        ["type"] = (Dimensions.Normative, true, "数据类型不正确", "it is not of the type that is laid down"),
        ["codes"] = (Dimensions.Normative, true, "不在代码表中", "it is none of the codes"),
        ["idNumber"] = (Dimensions.Normative, true, "公民身份号码校验不通过", "it is no ID number: length, birth date or check character"),
        ["creditCode"] = (Dimensions.Normative, true, "统一社会信用代码校验不通过", "it is no unified social credit code: length, characters or check character"),
        ["required"] = (Dimensions.Complete, true, "缺少必填值", "the value is missing"),
        ["rows"] = (Dimensions.Complete, false, "记录数超出预期范围", "the number of rows is not what is expected"),
        ["coverage"] = (Dimensions.Complete, true, "覆盖率不足", "too little is covered"),
        ["range"] = (Dimensions.Accurate, true, "取值超出合理范围", "it lies outside the range"),
        ["reference"] = (Dimensions.Accurate, true, "引用的对象不存在", "what it refers to does not exist"),
        ["outlier"] = (Dimensions.Accurate, true, "统计异常值", "it is far from all other values"),
        ["duplicateKey"] = (Dimensions.Accurate, true, "主键重复", "the key was there before"),
        ["duplicateRow"] = (Dimensions.Accurate, false, "记录重复", "the row was there before"),
        ["birthOfId"] = (Dimensions.Consistent, true, "出生日期与身份号码不一致", "the birth date is not that of the ID number"),
        ["sexOfId"] = (Dimensions.Consistent, true, "性别与身份号码不一致", "the sex is not that of the ID number"),
        ["sum"] = (Dimensions.Consistent, true, "合计与分项之和不一致", "it is not the sum of its parts"),
        ["order"] = (Dimensions.Consistent, true, "先后顺序颠倒", "it comes after what must follow it"),
        ["agrees"] = (Dimensions.Consistent, true, "与数源部门数据不一致", "the lead source says otherwise"),
        ["fresh"] = (Dimensions.Timely, true, "最新数据时间过早", "the latest time is too long ago"),
        ["maxAge"] = (Dimensions.Timely, true, "数据已过时", "it is too old"),
        ["notFuture"] = (Dimensions.Timely, true, "时间晚于数据时点", "it lies after the time for which the data stand"),
        ["onTime"] = (Dimensions.Timely, false, "未按时交付", "the delivery came too late"),
        ["readable"] = (Dimensions.Accessible, true, "内容无法读取（乱码或控制字符）", "it cannot be read: broken characters"),
        ["columns"] = (Dimensions.Accessible, false, "应有的列没有任何数据", "columns that should be there have no value at all"),
        ["reachable"] = (Dimensions.Accessible, false, "数据源可访问率不足", "the source cannot be reached often enough"),
    };

    public static IEnumerable<string> Checks => Kinds.Keys;

    public static Result<IReadOnlyList<double>> Weights(QualityRules rules)
    {
        var weights = Dimensions.Names.Select(n => rules.Weights is { } given && given.TryGetValue(n, out var weight) ? weight : 1).ToArray();
        if (rules.Weights?.Keys.FirstOrDefault(k => !Dimensions.Names.Contains(k)) is { } unknown)
            return QualityProblems.Malformed.Because($"{unknown} is no dimension.", string.Join(", ", Dimensions.Names), "GB/T 36344");
        return weights.Any(w => !double.IsFinite(w) || w < 0) || !(weights.Sum() > 0) ? QualityProblems.Malformed.Because("Weights are not below 0, and one is above it.") : weights;
    }

    /// <summary>What a rule says when it is broken; a rule that is no rule is refused.</summary>
    public static Result<RuleText> TextOf(QualityRule rule)
    {
        if (rule is null || rule.Id.Length is 0 or > 100)
            return QualityProblems.Malformed.Because("A rule is null, or its id is empty or longer than 100 characters.");
        if (!Kinds.TryGetValue(rule.Check, out var kind))
            return QualityProblems.Malformed.Because($"{rule.Id}: there is no check \"{rule.Check}\".", $"There are {string.Join(", ", Kinds.Keys)}.");
        var dimension = rule.Dimension is null ? kind.Dimension : Array.IndexOf(Dimensions.Names, rule.Dimension);
        if (dimension < 0)
            return QualityProblems.Malformed.Because($"{rule.Id}: {rule.Dimension} is no dimension.", string.Join(", ", Dimensions.Names), "GB/T 36344");
        // A parameter of a constructor may be left out of the JSON.
        if (rule.When is { Field: null })
            return QualityProblems.Malformed.Because($"{rule.Id}: when names no field.", "{\"field\": \"…\", \"in\": [\"…\"]}");
        if (kind.Field && rule.Field is null && rule.Check != "readable")
            return QualityProblems.Malformed.Because($"{rule.Id}: the check {rule.Check} is about a field, and none is given.");
        if (rule.Refuse && rule.Check is "outlier" or "rows" or "coverage" or "fresh" or "onTime" or "columns" or "reachable")
            return QualityProblems.Malformed.Because($"{rule.Id}: the check {rule.Check} is known only when all rows have gone by, so it cannot refuse one.", "Leave refuse out.");
        return new RuleText(rule.Id, rule.Field ?? "", dimension, rule.Refuse, rule.Zh ?? kind.Zh, rule.En ?? kind.En);
    }

    public static Result<IReadOnlyList<RowCheck>> Compile(QualityRules rules, TableSchema schema, RuleSurroundings around)
    {
        var checks = new List<RowCheck>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var rule in rules.Rules)
        {
            if (!TextOf(rule).TryGet(out var text, out var problem) || !Columns(rule, schema).TryGet(out var columns, out problem))
                return problem;
            if (!ids.Add(rule.Id) || rule.Id.StartsWith("schema:", StringComparison.Ordinal) || rule.Id.StartsWith("mapping:", StringComparison.Ordinal))
                return QualityProblems.Malformed.Because($"The id {rule.Id} is used twice, or is one of ours.");
            try
            {
                if (!One(rule, text, columns, schema, around).TryGet(out var made, out problem))
                    return problem;
                checks.AddRange(made);
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                return QualityProblems.Malformed.Because($"{rule.Id}: the pattern cannot be used: {e.Message}", "A regular expression without look-around and back references.");
            }
        }

        return checks;
    }

    // Field, Other, When, Fields: all of them columns of the delivery.
    private static Result<int[]> Columns(QualityRule rule, TableSchema schema)
    {
        foreach (var name in new[] { rule.Field, rule.Other, rule.When?.Field }.Concat(rule.Fields ?? []))
            if (name is not null && schema.IndexOf(name) < 0)
                return QualityProblems.OtherSchema.Because($"{rule.Id}: there is no column {name}.", $"There are {string.Join(", ", schema.Columns.Take(50).Select(c => c.Name))}.");
        return (rule.Fields ?? []).Where(f => f is not null).Select(schema.IndexOf).ToArray();
    }

    private static Result<RowCheck[]> One(QualityRule rule, RuleText text, int[] columns, TableSchema schema, RuleSurroundings around)
    {
        var field = rule.Field is null ? -1 : schema.IndexOf(rule.Field);
        var other = rule.Other is null ? -1 : schema.IndexOf(rule.Other);
        var type = field < 0 ? ColumnType.Text : schema.Columns[field].Type;
        var otherType = other < 0 ? ColumnType.Text : schema.Columns[other].Type;
        var when = rule.When is null ? null : new Condition(schema.IndexOf(rule.When.Field), schema.Columns[schema.IndexOf(rule.When.Field)].Type, rule.When.In);
        RowCheck[] Value(Func<ColumnBatch, int, bool> holds) => [new ValueCheck(text, field, when, holds)];
        switch (rule.Check)
        {
            case "pattern" when type == ColumnType.Text && rule.Pattern is { Length: > 0 and <= 1000 } pattern:
                return Value(Values.Pattern(pattern));
            case "length" when type == ColumnType.Text && (rule.Min ?? rule.Max) is not null:
                var (shortest, longest) = (rule.Min ?? 0, rule.Max ?? double.MaxValue);
                return Value((c, r) => Values.Characters(c.Utf8(r)) is var length && length >= shortest && length <= longest);
            case "type" when type == ColumnType.Text && rule.Type is "integer" or "number" or "date" or "instant":
                return Value((c, r) => Values.IsType(rule.Type, c.Utf8(r)));
            case "idNumber" when type == ColumnType.Text:
                return Value((c, r) => IdNumber.IsValid(c.Utf8(r)));
            case "creditCode" when type == ColumnType.Text:
                return Value((c, r) => CreditCode.IsValid(c.Utf8(r)));
            case "codes" when rule.Values is not null || rule.Table is not null:
                return Codes(rule, type, around).Map(codes => Value((c, r) => codes.Contains(KeyHash.Of(c, r))));
            case "required":
                return new RowCheck[] { new RequiredCheck(text, field, when) };
            case "rows" when (rule.Min ?? rule.Max) is not null:
                return new RowCheck[] { new WholeCheck(text, null, j => j.Before < (rule.Min ?? 0) ? j.Before / rule.Min : j.Before > (rule.Max ?? double.MaxValue) ? rule.Max / j.Before : null) };
            case "coverage" when rule.Values is { Count: > 0 } wanted:
                return Coverage(text, field, [.. wanted.Select(v => Hash(v, type))], rule.Share ?? 1);
            case "coverage" when rule.Table is { } name:
                return around.Tables.Find(name) is { } table ? Coverage(text, field, [.. table.Entries.Select(e => Hash(e.Code, type))], rule.Share ?? 1) : NoTable(rule);
            case "coverage" when rule.Share is >= 0 and <= 1 and var share:
                return Filled(text, field, share);
            case "range" when (rule.Min ?? rule.Max) is not null && type is ColumnType.Number or ColumnType.Integer:
                var (least, most) = (rule.Min ?? double.MinValue, rule.Max ?? double.MaxValue);
                return type == ColumnType.Number ? Value((c, r) => c.Numbers[r] >= least && c.Numbers[r] <= most) : Value((c, r) => c.Integers[r] >= least && c.Integers[r] <= most);
            case "range" when (rule.From ?? rule.To) is not null && type is ColumnType.Date or ColumnType.Instant:
                var (from, to) = (Bound(rule.From, type, long.MinValue), Bound(rule.To, type, long.MaxValue));
                return from is null || to is null ? Misfit(rule) : Value((c, r) => c.Integers[r] >= from && c.Integers[r] <= to);
            case "reference" when rule.Dataset is { } dataset:
                return new RowCheck[] { new ReferenceCheck(text, field, when, cancel => around.References.KeysAsync(new Lookup(around.Department, dataset, rule.Purpose), rule.Key ?? rule.Field ?? "", cancel)) };
            case "outlier" when type is ColumnType.Number or ColumnType.Integer:
                return new RowCheck[] { new OutlierCheck(text, field, when, rule.Deviations ?? 6) };
            case "duplicateKey":
                return new RowCheck[] { new DuplicateCheck(text, [field]) };
            case "duplicateRow":
                return new RowCheck[] { new DuplicateCheck(text, columns.Length > 1 ? columns : [.. Enumerable.Range(0, schema.Columns.Count)]) };
            case "birthOfId" when type == ColumnType.Date && other >= 0 && otherType == ColumnType.Text:
                return Cross((b, r) => IdNumber.BirthDay(b.Columns[other].Utf8(r)) is not { } day || day == b.Columns[field].Integers[r]);
            case "sexOfId" when type == ColumnType.Text && other >= 0 && otherType == ColumnType.Text:
                var (man, woman) = (Encoding.UTF8.GetBytes(rule.Male ?? "1"), Encoding.UTF8.GetBytes(rule.Female ?? "2"));
                return Cross((b, r) => IdNumber.IsMale(b.Columns[other].Utf8(r)) is not { } male || !b.Columns[field].Utf8(r).SequenceEqual(male ? woman : man));
            case "sum" when type is ColumnType.Number or ColumnType.Integer && columns.Length > 0 && Array.TrueForAll(columns, c => schema.Columns[c].Type is ColumnType.Number or ColumnType.Integer):
                var near = rule.Tolerance ?? 1e-9;
                return new RowCheck[] { new CrossCheck(text, [field, .. columns], when, (b, r) => Sum(b, columns, r) is var sum && Math.Abs(sum - Number(b.Columns[field], r)) <= near * (rule.Tolerance is null ? Math.Max(1, Math.Abs(sum)) : 1)) };
            case "order" when other >= 0 && type == otherType && type != ColumnType.Text:
                return type == ColumnType.Number ? Cross((b, r) => b.Columns[field].Numbers[r] <= b.Columns[other].Numbers[r]) : Cross((b, r) => b.Columns[field].Integers[r] <= b.Columns[other].Integers[r]);
            case "agrees" when other >= 0 && rule.Dataset is { } lead && rule.Key is { } key:
                return new RowCheck[] { new AgreementCheck(text, other, field, type, rule.Tolerance ?? 1e-9, cancel => around.References.ValuesAsync(new Lookup(around.Department, lead, rule.Purpose), key, rule.Column ?? rule.Field ?? "", cancel)) };
            case "fresh" when rule.Days is >= 0 && type is ColumnType.Date or ColumnType.Instant:
                return Fresh(text, field, type, Moment(around.AsOf.AddDays(-rule.Days ?? 0), type));
            case "maxAge" when rule.Days is >= 0 && type is ColumnType.Date or ColumnType.Instant:
                var oldest = Moment(around.AsOf.AddDays(-rule.Days ?? 0), type);
                return Value((c, r) => c.Integers[r] >= oldest);
            case "notFuture" when type is ColumnType.Date or ColumnType.Instant:
                var newest = Moment(around.AsOf, type);
                return Value((c, r) => c.Integers[r] <= newest);
            case "onTime" when rule.Days is >= 0 and var days:
                return new RowCheck[] { new WholeCheck(text, null, _ => (around.Delivered - around.AsOf).TotalDays <= days ? null : 0) };
            case "readable":
                return field >= 0 ? type == ColumnType.Text ? Value((c, r) => Values.IsReadable(c.Utf8(r))) : Misfit(rule)
                    : schema.Columns.Select((c, i) => (c, i)).Where(c => c.c.Type == ColumnType.Text).Select(c => (RowCheck)new ValueCheck(text with { Field = c.c.Name }, c.i, when, (b, r) => Values.IsReadable(b.Utf8(r)))).ToArray();
            case "columns":
                return Present(text, columns.Length > 0 ? columns : [.. Enumerable.Range(0, schema.Columns.Count)]);
            case "reachable" when rule.Dataset is { } source && rule.Share is >= 0 and <= 1 and var enough:
                return new RowCheck[] { new WholeCheck(text, null, _ => around.References.Reachable(new Lookup(around.Department, source, rule.Purpose)) is { } reached && reached < enough ? reached : null) };
            default:
                return Misfit(rule);
        }

        Result<RowCheck[]> Cross(Func<RowBatch, int, bool> holds) => new RowCheck[] { new CrossCheck(text, [field, other], when, holds) };
    }

    private static Problem Misfit(QualityRule rule) => QualityProblems.Malformed.Because(
        $"{rule.Id}: the check {rule.Check} lacks a member that it needs, or the type of its column does not fit.", "docs/reference/quality.md says what each check needs.");

    private static Problem NoTable(QualityRule rule) => QualityProblems.Malformed.Because($"{rule.Id}: there is no code table {rule.Table}.", "GET /standards/code-tables lists them.");

    private static Result<HashSet<UInt128>> Codes(QualityRule rule, ColumnType type, RuleSurroundings around)
    {
        var codes = new HashSet<UInt128>((rule.Values ?? []).Select(v => Hash(v, type)));
        if (rule.Table is not { } name)
            return codes;
        if (around.Tables.Find(name) is not { } table)
            return NoTable(rule);
        var day = DateOnly.FromDateTime(around.AsOf.UtcDateTime);
        codes.UnionWith(table.Entries.Where(e => e.IsValidOn(day)).Select(e => Hash(e.Code, type)));
        return codes;
    }

    private static UInt128 Hash(string? value, ColumnType type)
    {
        var cell = StepCompiler.Conform(Cell.Text(value ?? ""), type).Cell;
        var one = new CellBatch(new TableSchema([new TableColumn("", type)]));
        one.Add(0, cell);
        return KeyHash.Of(one.Batch.Columns[0], 0);
    }

    private static RowCheck[] Coverage(RuleText text, int field, HashSet<UInt128> wanted, double share)
    {
        var seen = new HashSet<UInt128>();
        return
        [
            new WholeCheck(text, batch =>
            {
                for (var row = 0; row < batch.Rows; row++)
                    if (KeyHash.Of(batch.Columns[field], row) is var value && wanted.Contains(value))
                        seen.Add(value);
            }, _ => (double)seen.Count / wanted.Count is var covered && covered < share ? covered : null),
        ];
    }

    private static RowCheck[] Filled(RuleText text, int field, double share)
    {
        var filled = 0L;
        return
        [
            new WholeCheck(text, batch =>
            {
                for (var row = 0; row < batch.Rows; row++)
                    if (!batch.Columns[field].IsNull(row))
                        filled++;
            }, j => j.Before > 0 && (double)filled / j.Before is var covered && covered < share ? covered : null),
        ];
    }

    private static RowCheck[] Fresh(RuleText text, int field, ColumnType type, long oldest)
    {
        var latest = long.MinValue;
        return
        [
            new WholeCheck(text, batch =>
            {
                var values = batch.Columns[field];
                for (var row = 0; row < batch.Rows; row++)
                    if (!values.IsNull(row) && values.Integers[row] > latest)
                        latest = values.Integers[row];
            }, _ => latest >= oldest ? null : 0),
        ];
    }

    private static RowCheck[] Present(RuleText text, int[] columns)
    {
        var present = new bool[columns.Length];
        return
        [
            new WholeCheck(text, batch =>
            {
                for (var i = 0; i < columns.Length; i++)
                    for (var row = 0; row < batch.Rows && !present[i]; row++)
                        present[i] = !batch.Columns[columns[i]].IsNull(row);
            }, j => j.Before > 0 && Array.IndexOf(present, false) >= 0 ? (double)present.Count(p => p) / present.Length : null),
        ];
    }

    private static double Number(ColumnBatch column, int row) => column.Type == ColumnType.Number ? column.Numbers[row] : column.Integers[row];

    private static double Sum(RowBatch batch, int[] columns, int row)
    {
        var sum = 0.0;
        foreach (var column in columns)
            sum += Number(batch.Columns[column], row);
        return sum;
    }

    private static long Moment(DateTimeOffset at, ColumnType type) =>
        type == ColumnType.Date ? Cell.Days(DateOnly.FromDateTime(at.UtcDateTime)) : (at.UtcTicks - DateTime.UnixEpoch.Ticks) / 10;

    private static long? Bound(string? text, ColumnType type, long none) =>
        text is null ? none : StepCompiler.Conform(Cell.Text(text), type) is { Why: null, Cell.Integer: var bound } ? bound : null;
}
