using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>A column of numbers that carries a watermark: each may move by up to so many steps.</summary>
public sealed record MarkedColumn(string Column, decimal Step, int Tolerance);

/// <summary>
/// Makes a release the receiver's own. Each number of the marked columns moves by −t to +t steps as the receiver's key says for that row; and canaries, rows of nobody that look like the
/// others, are put between them. Whoever keeps the table as it was given here, and the key, can say of a leaked part to whom it went: <see cref="Trace"/>. The mean of a moved number is the
/// number; one that would leave the column's range does not move.
/// </summary>
public sealed class Watermark : Transform
{
    internal const string Word = "watermark";

    /// <param name="columns">Their steps and tolerances; may be none where there are canaries.</param>
    /// <param name="canaries">Rows of nobody for each receiver.</param>
    /// <param name="blocks">Columns that have to fit together in a canary, e.g. sex and given name, as <c>sex,name</c>: they are taken from one row. All others are taken from rows of their own.</param>
    public Watermark(KeyUse key, IReadOnlyList<MarkedColumn> columns, int canaries = 0, IReadOnlyList<string>? blocks = null)
    {
        (Key, Columns, Canaries, Blocks) = (key, [.. columns], canaries, [.. blocks ?? []]);
        if (canaries is < 0 or > 10_000 || (canaries == 0 && columns.Count == 0) || columns.Any(one => one.Step <= 0 || one.Tolerance is < 1 or > 1000))
            throw Unusable("A watermark has marked columns or canaries, steps above 0 and tolerances of 1 to 1000 steps.");
        var named = Blocks.SelectMany(block => block.Split(',')).ToArray();
        if (named.Distinct(StringComparer.Ordinal).Count() != named.Length || Columns.DistinctBy(one => one.Column, StringComparer.Ordinal).Count() != Columns.Count)
            throw Unusable("A column is marked once and in one block.");
    }

    public KeyUse Key { get; }

    public IReadOnlyList<MarkedColumn> Columns { get; }

    public int Canaries { get; }

    public IReadOnlyList<string> Blocks { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        using var key = ReceiverKey(context, context.NeedScope(Word).Receiver);
        using var cipher = MarkKey(key);
        var marked = table.With([.. Columns.Select(column => Marked(new Marks(column, table, Key.Suite.Hash), cipher))]);
        return Canaries == 0 ? marked : new CanaryRows(this, table).Mixed(marked, key);
    }

    /// <summary>The receiver's canaries: what the owner opens a commitment with, and never gives away before a leak.</summary>
    public Table CanariesOf(Table original, TransformContext context, string receiver)
    {
        using var key = ReceiverKey(context, receiver);
        return new CanaryRows(this, original).Of(key);
    }

    /// <summary>
    /// One commitment for each canary (H(salt ‖ row)), to be written into a ledger before the release: proof, once opened, that the rows were made up for this receiver before they turned up
    /// elsewhere.
    /// </summary>
    public IReadOnlyList<byte[]> Commitments(Table original, TransformContext context, string receiver)
    {
        using var key = ReceiverKey(context, receiver);
        var rows = new CanaryRows(this, original).Of(key);
        return [.. Enumerable.Range(0, rows.Rows).Select(row => Commitment.Make(Key.Suite.Hash, CanaryRows.Salt(Key, key, row), CanaryRows.Bytes(rows, row)))];
    }

    /// <summary>The salt and the bytes that open a canary's commitment.</summary>
    public (byte[] Salt, byte[] Row) Opening(Table original, TransformContext context, string receiver, int canary)
    {
        using var key = ReceiverKey(context, receiver);
        return (CanaryRows.Salt(Key, key, canary), CanaryRows.Bytes(new CanaryRows(this, original).Of(key), canary));
    }

    /// <summary>
    /// Who the receiver of a leaked part was. It may be few of the rows in any order, with columns missing and some cells changed. What is found is held against each receiver's marks and
    /// canaries; the p-value is the chance that a receiver who has nothing to do with it fits as well, over the choice of their key, so that it holds whatever was done to the part.
    /// Receivers who put their parts together are each found by what is left of theirs.
    /// </summary>
    /// <param name="original">The table as <see cref="Apply"/> got it, its rows in that order.</param>
    /// <param name="receivers">All who got it.</param>
    /// <param name="falseAccusation">The chance with which at least one of all innocent receivers is accused, at most.</param>
    public WatermarkTrace Trace(Table original, Table leaked, TransformContext context, IReadOnlyList<string> receivers, double falseAccusation = 1e-6)
    {
        if (falseAccusation is <= 0 or >= 1)
            throw Unusable("The chance of a false accusation is above 0 and below 1.");
        if (!leaked.Columns.Any(column => original.Find(column.Name) is not null))
            throw Unusable("The leaked part has no column of the table.", "Name its columns as they were in the release.");
        var marks = Columns.Where(one => leaked.Find(one.Column) is not null).Select(one => new Marks(one, original, Key.Suite.Hash)).ToArray();
        var tests = LeakedRows.Find(original, leaked, marks);
        var distribution = ChanceMatches.Of(tests.Select(test => 1.0 / marks[test.Mark].Choices));
        var canaries = Canaries == 0 ? null : new CanaryMatches(new CanaryRows(this, original), leaked);
        var evidence = receivers.Select(receiver =>
        {
            using var key = ReceiverKey(context, receiver);
            using var cipher = MarkKey(key);
            var matches = tests.Count(test => test.Moved == marks[test.Mark].Move(cipher, test.Row));
            var (hits, chance) = canaries?.For(key) ?? (0, 1);
            var byMarks = distribution[matches];

            // The better of two looks, paid for with a factor of 2.
            var p = Canaries == 0 ? byMarks : Math.Min(1, 2 * Math.Min(byMarks, chance));
            return new ReceiverEvidence(receiver, matches, hits, p);
        });
        return new WatermarkTrace([.. evidence.OrderBy(one => one.PValue).ThenBy(one => one.Receiver, StringComparer.Ordinal)], tests.Count, falseAccusation);
    }

    private ISecretKey ReceiverKey(TransformContext context, string receiver) => Key.Derive(Word, context, (context.NeedScope(Word) with { Receiver = receiver }).Bytes());

    /// <summary>One block of a cipher for each cell is as random as a MAC and ten times as fast.</summary>
    private IBlockKey MarkKey(ISecretKey receiver)
    {
        using var key = receiver.Derive(Key.Suite.Mac, "mark"u8);
        return key.Open(BlockCiphers.Of(Key.Suite));
    }

    private static Column Marked(Marks marks, IBlockKey key)
    {
        var column = marks.Original;
        var builder = new ColumnBuilder(column.Name);
        for (var row = 0; row < column.Rows; row++)
        {
            var number = marks.Number(row);
            builder.Append(number is not null && marks.IsMarked(row) ? Numbers.Write(number.Value + (marks.Move(key, row) * marks.Step)) : column[row]);
        }

        return builder.Build();
    }

    internal override void Write(ParameterWriter into)
    {
        Key.Write(into);
        into.Add("columns", Columns.Select(one => one.Column)).Add("steps", Columns.Select(one => Numbers.Write(one.Step)))
            .Add("tolerances", Columns.Select(one => one.Tolerance.ToString(CultureInfo.InvariantCulture))).Add("canaries", Canaries).Add("blocks", Blocks);
    }

    internal static Transform Read(ParameterReader from)
    {
        var key = KeyUse.Read(from);
        var (columns, steps, tolerances) = (from.Texts("columns"), from.Texts("steps"), from.Texts("tolerances"));
        if (steps.Length != columns.Length || tolerances.Length != columns.Length)
            throw from.Bad("columns", "has as many names as there are steps and tolerances");
        var marked = columns.Select((column, i) => new MarkedColumn(
            column,
            Numbers.TryRead(steps[i], out var step) ? step : throw from.Bad("steps", "lists numbers"),
            int.TryParse(tolerances[i], NumberStyles.None, CultureInfo.InvariantCulture, out var tolerance) ? tolerance : throw from.Bad("tolerances", "lists whole numbers")));
        return new Watermark(key, [.. marked], from.Int("canaries", 0, 10_000, 0), from.Texts("blocks", []));
    }
}

/// <summary>One marked column of the original: which of its cells are marked and how far the key moves each.</summary>
internal sealed class Marks
{
    private readonly decimal?[] numbers;
    private readonly double[] near;
    private readonly decimal min, max;
    private readonly double reach;
    private readonly MarkedColumn marked;
    private readonly byte[] name;

    public Marks(MarkedColumn marked, Table table, HashFunction hash)
    {
        (this.marked, Original) = (marked, table[marked.Column]);
        numbers = [.. Original.Values.Select(value => Numbers.TryRead(value, out var number) ? number : (decimal?)null)];
        if (!numbers.Any(number => number is not null))
            throw new PrivacyRefusal(PrivacyCodes.TransformUnusable, $"Column {marked.Column} has no numbers to mark.", "Mark another, or use canaries.", Watermark.Word) { Column = marked.Column }.ToException();
        (min, max) = (numbers.Min() ?? 0, numbers.Max() ?? 0);
        near = [.. numbers.Select(number => number is null ? double.NaN : (double)number)];
        reach = (double)(marked.Step * marked.Tolerance) * 1.000001;
        name = hash.Hash(Encoding.UTF8.GetBytes(marked.Column));
    }

    public Column Original { get; }

    public decimal Step => marked.Step;

    public int Choices => (2 * marked.Tolerance) + 1;

    public decimal? Number(int row) => numbers[Original.Code(row)];

    /// <summary>Whether every move leaves the number within the column's range: only then are all moves equally likely.</summary>
    public bool IsMarked(int row) => Number(row) is { } number && number - (marked.Tolerance * Step) >= min && number + (marked.Tolerance * Step) <= max;

    /// <summary>How many steps a number of a leaked part is from that of a row; null where no mark can have done that.</summary>
    public decimal? Moved(int row, decimal leaked)
    {
        // Nearly all are far off, and double says so twenty times as fast as decimal.
        if (!(Math.Abs((double)leaked - near[Original.Code(row)]) <= reach) || Number(row) is not { } number)
            return null;
        var steps = (leaked - number) / Step;
        return Math.Abs(steps) <= marked.Tolerance ? steps : null;
    }

    public int Move(IBlockKey key, int row)
    {
        Span<byte> block = stackalloc byte[BlockCipher.BlockSize];
        name.AsSpan(0, 12).CopyTo(block);
        BinaryPrimitives.WriteInt32BigEndian(block[12..], row);
        key.Encrypt(block, block);
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(block) % (ulong)Choices) - marked.Tolerance;
    }
}
