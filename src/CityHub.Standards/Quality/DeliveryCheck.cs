using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Standards.Mapping;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards.Quality;

/// <summary>The door of the standards room for deliveries: rows mapped, judged, and those that break the schema or a rule that refuses held back.</summary>
/// <param name="mappings">The declaration that these terms name; null: there is none for this dataset.</param>
/// <param name="rules">Likewise the rules.</param>
internal sealed class DeliveryCheck(Func<DeliveryTerms, RowMappingDeclaration?> mappings, Func<DeliveryTerms, QualityRules?> rules, ICodeTables tables, IReferences references, TimeProvider clock) : IDeliveryCheck
{
    /// <summary>Faults that a result lists.</summary>
    public int MostFaults { get; init; } = 1000;

    public Result<ICheckedRows> Check(IRows rows, TableSchema schema, DeliveryTerms terms)
    {
        var asked = new AskedTables(tables);
        QualityRules? declared = null;
        if (terms.Rules is not null && (declared = rules(terms)) is null)
            return QualityProblems.Unknown.Because($"{terms.Dataset} and {terms.Department} have no quality rules {terms.Rules}.", "GET /standards/quality-rules lists them.");
        RowMappingDeclaration? declaration = null;
        Result<RowMapping> mapped;
        if (terms.Mapping is not null)
        {
            declaration = mappings(terms);
            if (declaration is null)
                return RowMappingProblems.Unknown.Because($"{terms.Dataset} and {terms.Department} have no row mapping {terms.Mapping}.", "GET /standards/mappings lists them.");
            mapped = RowMapping.Compile(declaration, rows.Schema, schema, asked);
        }
        else
            mapped = RowMapping.Same(rows.Schema, schema, asked);

        if (!mapped.TryGet(out var ready, out var problem))
            return problem;
        var same = terms.Mapping is null && rows.Schema.Columns.Select(c => (c.Name, c.Type)).SequenceEqual(schema.Columns.Select(c => (c.Name, c.Type)));
        var around = new RuleSurroundings(asked, references, terms.Department, terms.AsOf, clock.GetUtcNow());
        IReadOnlyList<RowCheck>? checks = [];
        IReadOnlyList<double>? weights = [1, 1, 1, 1, 1, 1];
        if (declared is not null && (!RuleCompiler.Compile(declared, schema, around).TryGet(out checks, out problem) || !RuleCompiler.Weights(declared).TryGet(out weights, out problem)))
            return problem;
        return new JudgedRows(rows, schema, same ? null : ready, [.. SchemaChecks(schema), .. checks], weights, declared is not null, MostFaults) { Terms = Terms(declaration, declared, asked) };
    }

    private static string Terms(RowMappingDeclaration? mapping, QualityRules? rules, AskedTables tables)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in new[] { mapping?.ToJson() ?? [], rules?.ToJson() ?? [], Encoding.UTF8.GetBytes(string.Join(' ', tables.Asked)) })
        {
            hash.AppendData(BitConverter.GetBytes(part.Length));
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    /// <summary>What a schema asks by itself: values where there must be some, keys that are there once.</summary>
    private static IEnumerable<RowCheck> SchemaChecks(TableSchema schema)
    {
        for (var i = 0; i < schema.Columns.Count; i++)
            if (!schema.Columns[i].Nullable || i == schema.Key)
                yield return new RequiredCheck(SchemaRules.Required(schema.Columns[i].Name), i, null);
        if (schema.Key >= 0)
            yield return new DuplicateCheck(SchemaRules.Key(schema.Columns[schema.Key].Name), [schema.Key]);
    }
}

/// <summary>The rules that nobody has to write down.</summary>
internal static class SchemaRules
{
    public static RuleText Required(string field) => new("schema:required", field, Dimensions.Complete, true, "缺少必填值", "the value is missing, and no row may be without it");

    public static RuleText Key(string field) => new("schema:key", field, Dimensions.Accurate, true, "主键重复", "the key was there before in this delivery");

    public static RuleText Mapping(string step, string field, string why) =>
        new(step == "type" ? "schema:type" : "mapping:" + step, field, Dimensions.Normative, true, step == "type" ? "数据类型不正确" : $"无法按映射步骤“{step}”转换", why);

    public static RuleText Unread(RuleText rule) => rule with { Dimension = Dimensions.Accessible, Refuse = false, Zh = "对照的数据集目前无法读取或未获授权，未查询，本规则未评判", En = "the other dataset was not looked up: it cannot be read now, or no grant permits it; the rule was not judged" };

    /// <summary>The Chinese of a rule of ours; null: it is none.</summary>
    public static string? Zh(string id) => id switch
    {
        "schema:required" => "缺少必填值",
        "schema:key" => "主键重复",
        "schema:type" => "数据类型不正确",
        _ => id.StartsWith("mapping:", StringComparison.Ordinal) ? Mapping(id["mapping:".Length..], "", "").Zh : null,
    };
}

/// <summary>Rows that are judged while they go by. No object is made for a row; the lists of faults end at their limit.</summary>
internal sealed class JudgedRows : ICheckedRows
{
    private readonly IRows _rows;
    private readonly RowMapping? _mapping;
    private readonly RowCheck[] _checks;
    private readonly IReadOnlyList<double> _weights;
    private readonly bool _scored;
    private readonly Judgement _judgement;
    private readonly CellBatch _mapped;
    private readonly CellBatch _kept;
    private readonly List<MappingFault> _faults = [];
    private bool[]? _ready;
    private bool _finished;

    public JudgedRows(IRows rows, TableSchema schema, RowMapping? mapping, RowCheck[] checks, IReadOnlyList<double> weights, bool scored, int mostFaults)
    {
        (_rows, Schema, _mapping, _checks, _weights, _scored) = (rows, schema, mapping, checks, weights, scored);
        (_judgement, _mapped, _kept) = (new Judgement(mostFaults), new CellBatch(schema), new CellBatch(schema));
    }

    public TableSchema Schema { get; }

    public QualityResult Result => _judgement.Result(_weights, _scored);

    public required string Terms { get; init; }

    /// <summary>How often each rule was broken.</summary>
    public IReadOnlyDictionary<string, long> Counts => _judgement.Counts;

    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        if (_ready is null)
            await PrepareAsync(cancel);
        while (!_finished)
        {
            if (await _rows.NextAsync(cancel) is not { } batch)
            {
                _finished = true;
                for (var i = 0; i < _checks.Length; i++)
                    if (_ready is null || _ready[i])
                        _checks[i].Finish(_judgement);
                break;
            }

            if (batch.Rows > 0 && (batch.Gone ? Going(batch) : Judge(batch)) is { Rows: > 0 } good)
                return good;
        }

        return null;
    }

    public ValueTask DisposeAsync() => _rows.DisposeAsync();

    private async ValueTask PrepareAsync(CancellationToken cancel)
    {
        var ready = new bool[_checks.Length];
        for (var i = 0; i < ready.Length; i++)
            if (!(ready[i] = await _checks[i].PrepareAsync(cancel)))
                // Nobody's score suffers for what another dataset's table does not give: said, and not counted.
                _judgement.FaultWhole(SchemaRules.Unread(_checks[i].Text), 1);
        _ready = ready;
    }

    /// <summary>Rows that go have a key and nothing to be judged.</summary>
    private RowBatch Going(RowBatch batch)
    {
        if (_mapping is null)
            return batch;
        _faults.Clear();
        var made = _mapping.Map(batch, _mapped, _faults);
        made.Gone = true;
        return made;
    }

    private RowBatch Judge(RowBatch batch)
    {
        _judgement.Begin(batch.Rows);
        var made = batch;
        if (_mapping is not null)
        {
            _faults.Clear();
            made = _mapping.Map(batch, _mapped, _faults);
            foreach (var fault in _faults)
            {
                _judgement.Fault(SchemaRules.Mapping(fault.Step, fault.Field, fault.Why), fault.Row);
                _judgement.Unmade.Add((fault.Row, fault.Field));
            }
        }

        foreach (var check in _checks)
            check.Judge(made, _judgement);
        foreach (var check in _checks)
            check.After(made, _judgement);
        var good = _judgement.AnyRefused ? RowSieve.Keep(made, _judgement.RefusedBits, _kept) : made;
        _judgement.End(batch.Rows);
        return good;
    }
}

/// <summary>Remembers which code tables were asked for, in which version.</summary>
internal sealed class AskedTables(ICodeTables tables) : ICodeTables
{
    private readonly SortedSet<string> _asked = new(StringComparer.Ordinal);

    public IEnumerable<string> Asked => _asked;

    public CodeTable? Find(string id)
    {
        var found = tables.Find(id);
        _asked.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{id}@{found?.Version ?? 0}"));
        return found;
    }
}
