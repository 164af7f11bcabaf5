using CityHub.Core.Tables;
using CityHub.Sharing.Access;

namespace CityHub.Sharing.Releases;

/// <summary>
/// Whom an answer is about beside the rows that it shows. The rule, here and nowhere else: either an answer is about at least the smallest group, or the persons whom it is about are recorded. Rows that a
/// total counts, that a page passes over or that an order leaves behind are told apart by every field that the condition names; of a cell with fewer persons than the smallest group each is recorded, because
/// two questions over these fields could differ by him alone. Whom a question names is recorded whatever is found, for "no" is an answer about him, too.
/// </summary>
internal sealed class Concerned
{
    private const int MostCells = 200_000;

    private readonly int[] _fields;
    private readonly int _subject, _smallest;
    private readonly Dictionary<byte[], HashSet<string>?> _cells = new(ByteArrays.Comparer);
    private readonly HashSet<string> _few = new(StringComparer.Ordinal);
    private readonly RowKey _key = new();
    private readonly bool _one;

    private Concerned(ReleasePlan plan, int[] fields) => (_fields, _subject, _smallest, _one) = (fields, plan.Released.Columns.Count, plan.SmallestAnswer, fields.Length == 0);

    /// <summary>For answers that are about entities: whoever adds them says what tells them apart.</summary>
    /// <param name="one">Nothing does.</param>
    public Concerned(int smallest, bool one) => (_fields, _smallest, _one) = ([], smallest, one);

    /// <summary>Null: the rows are about nobody.</summary>
    /// <param name="where">Null: all rows are one group.</param>
    public static Concerned? Of(ReleasePlan plan, Condition? where)
    {
        if (plan.Subject < 0)
            return null;
        var named = new HashSet<string>(StringComparer.Ordinal);
        if (where is not null)
            Conditions.FieldsOf(where, plan.Released, plan.Permit.Dataset, named);
        return new Concerned(plan, [.. named.Select(plan.Released.IndexOf).Where(field => field >= 0).Order()]);
    }

    /// <summary>There is one group, and it is large enough: no more rows change that.</summary>
    public bool Enough => _one && _cells.Count == 1 && _cells.Values.First() is null;

    /// <param name="batch">In the working schema: the person stands last.</param>
    public void Add(RowBatch batch, int row)
    {
        if (batch.Columns[_subject].IsNull(row) || CellText.TextOf(batch.Columns[_subject], row) is not { Length: > 0 } person)
            return;
        Add(_key.Of(batch, row, _fields), person);
    }

    /// <param name="key">What tells the row apart.</param>
    public void Add(byte[] key, string person)
    {
        if (!_cells.TryGetValue(key, out var persons))
        {
            if (_cells.Count >= MostCells)
                Settle(); // what is a small cell so far is taken for one: more are recorded, never fewer
            _cells.Add(key, persons = new HashSet<string>(StringComparer.Ordinal));
        }

        if (persons is not null && persons.Add(person) && persons.Count >= _smallest)
            _cells[key] = null;
    }

    /// <summary>The persons of cells that are too small; each once.</summary>
    public IReadOnlyCollection<string> Persons()
    {
        Settle();
        return _few;
    }

    /// <summary>Whom the question itself names: by the key where it is the person, or as a value of the field with the person, wherever in the condition. A name that is masked is nobody's.</summary>
    public static IEnumerable<string> Named(ReleaseQuery query, ReleasePlan plan)
    {
        if (!plan.SubjectIsRaw || plan.Permit.Dataset.Subject is not { } subject)
            return [];
        var named = query.Where is { } where ? Named(where, subject) : [];
        return (query.Key is { } key && plan.Permit.Dataset.Key == subject ? named.Prepend(key) : named).Where(person => person.Length > 0).Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Named(Condition condition, string subject) => condition switch
    {
        Condition.And(var left, var right) => Named(left, subject).Concat(Named(right, subject)),
        Condition.Or(var left, var right) => Named(left, subject).Concat(Named(right, subject)),
        Condition.Not(var of) => Named(of, subject),
        Condition.Compare { Operator: "=" or "<>" or "<=" or ">=" } compare when compare.Field == subject => [compare.Value],
        Condition.In isIn when isIn.Field == subject => isIn.Values,
        Condition.Like like when like.Field == subject && !like.Pattern.AsSpan().ContainsAny('%', '_', '\\') => [like.Pattern],
        _ => [],
    };

    private void Settle()
    {
        foreach (var persons in _cells.Values)
            if (persons is not null)
                _few.UnionWith(persons);
        _cells.Clear();
    }
}
