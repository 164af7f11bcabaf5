using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Anatomy (Xiao and Tao 2006): the quasi-identifiers stay exact, and which of l different sensitive values belongs to a row of a group is not told: two tables that have only the number of
/// the group in common. An attacker is right about a value with a chance of at most 1 / l, and knows that a person is in the table: it does not hide membership.
/// </summary>
public sealed class Anatomise : Transform
{
    internal const string Word = "anatomise";

    /// <summary>The column that both tables have.</summary>
    public const string Group = "group";

    public Anatomise(string sensitive, int l)
    {
        (Sensitive, L) = (sensitive, l);
        if (l < 2)
            throw Unusable("l is at least 2.", column: sensitive);
    }

    public string Sensitive { get; }

    public int L { get; }

    public override string Kind => Word;

    /// <summary>The table of quasi-identifiers alone. <see cref="Split"/> gives both.</summary>
    public override Table Apply(Table table, TransformContext context) => Split(table, context).Quasi;

    /// <summary>All columns but the sensitive one, with the group; and for each group how many have each sensitive value.</summary>
    /// <exception cref="PrivacyException">A value is more frequent than one in l, so that there are no such groups.</exception>
    public (Table Quasi, Table Values) Split(Table table, TransformContext context)
    {
        var entropy = context.NeedEntropy(Word);
        var sensitive = table[Sensitive];
        if (table.Find(Group) is not null)
            throw Unusable($"The table has a column {Group} already.", "Name it differently.", Group);
        var groups = Assign(sensitive, entropy, out var count);

        var number = new ColumnBuilder(Group);
        foreach (var group in groups)
            number.Append(group.ToString(CultureInfo.InvariantCulture));
        var lines = new List<string[]>();
        var members = Tables.Members(groups, count);
        for (var group = 0; group < count; group++)
        {
            // Sorted by value: the order of rows tells nothing.
            foreach (var value in members[group].GroupBy(row => sensitive[row], StringComparer.Ordinal).OrderBy(one => one.Key, StringComparer.Ordinal))
                lines.Add([group.ToString(CultureInfo.InvariantCulture), value.Key, value.Count().ToString(CultureInfo.InvariantCulture)]);
        }

        return (table.Without(Sensitive).With(number.Build()), Table.Of([Group, Sensitive, "count"], lines));
    }

    private int[] Assign(Column sensitive, IEntropy entropy, out int count)
    {
        var codes = new int[sensitive.Rows];
        sensitive.CopyCodes(0, codes);
        var buckets = Tables.Members(codes, sensitive.Distinct).Select(rows =>
        {
            entropy.Shuffle(rows.AsSpan());
            return new Stack<int>(rows);
        }).ToArray();
        var largest = buckets.Length == 0 ? 0 : buckets.Max(bucket => bucket.Count);
        if ((long)largest * L > sensitive.Rows || sensitive.Rows == 0)
        {
            throw Unusable(
                FormattableString.Invariant($"One value of {Sensitive} has {largest} of {sensitive.Rows} rows, more than one in {L}."), "Take a smaller l, or generalise the sensitive column.", Sensitive);
        }

        var queue = new PriorityQueue<int, (int, int)>(Enumerable.Range(0, buckets.Length).Select(code => (code, (-buckets[code].Count, code))));
        var (groups, members) = (new int[sensitive.Rows], new List<List<int>>());
        var taken = new int[L];
        while (queue.Count >= L)
        {
            var own = new List<int>(L + 1);
            for (var i = 0; i < L; i++)
            {
                taken[i] = queue.Dequeue();
                var row = buckets[taken[i]].Pop();
                own.Add(row);
                groups[row] = members.Count;
            }

            members.Add(own);
            foreach (var code in taken)
            {
                if (buckets[code].Count > 0)
                    queue.Enqueue(code, (-buckets[code].Count, code));
            }
        }

        // Fewer than l values are left, each with one row (property 1 of the paper): it joins a group that has not got its value.
        while (queue.TryDequeue(out var code, out _))
        {
            foreach (var row in buckets[code])
            {
                var start = entropy.NextBelow(members.Count);
                var at = Enumerable.Range(0, members.Count).Select(i => (start + i) % members.Count).First(group => members[group].All(other => codes[other] != code));
                members[at].Add(row);
                groups[row] = at;
            }
        }

        count = members.Count;
        return groups;
    }

    internal override void Write(ParameterWriter into) => into.Add("sensitive", Sensitive).Add("l", L);

    internal static Transform Read(ParameterReader from) => new Anatomise(from.Text("sensitive"), from.Int("l", 2, int.MaxValue));
}
