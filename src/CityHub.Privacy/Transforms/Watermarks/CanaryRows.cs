using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>
/// Rows of nobody, made from a receiver's key: each block of columns is taken from a row that the key chooses, and a column that identifies (nearly every value is its own) gets new digits and
/// letters in the same places, with a right check digit where it is an ID number. A canary is never a row of the table.
/// </summary>
internal sealed class CanaryRows
{
    private readonly Watermark watermark;
    private readonly Table original;
    private readonly HashSet<string> rows = new(StringComparer.Ordinal);

    /// <summary>For each block its columns; a fresh column is a block of its own.</summary>
    private readonly (Column[] Columns, bool Fresh)[] blocks;

    public CanaryRows(Watermark watermark, Table original)
    {
        (this.watermark, this.original) = (watermark, original);
        var together = watermark.Blocks.Select(block => block.Split(',').Select(name => original[name]).ToArray()).ToList();
        together.AddRange(original.Columns.Where(column => !together.Any(block => block.Contains(column))).Select(column => new[] { column }));
        blocks = [.. together.Select(block => (block, block.Length == 1 && block[0].Distinct * 10L > block[0].Rows * 9L))];
        for (var row = 0; row < original.Rows; row++)
            rows.Add(Key(original, row));

        // Every second draw at least is no row of the table: then a draw under that condition is at most twice as likely as without.
        var names = original.Columns.Select(column => column.Name).ToHashSet(StringComparer.Ordinal);
        if (original.Rows < 2 || Likelihoods(original, names).DistinctBy(one => one.Key).Sum(one => one.Chance) > 0.5)
        {
            throw new PrivacyRefusal(
                PrivacyCodes.TransformUnusable, "The table has so few different rows that made-up ones would be real ones.", "Mark numbers instead of using canaries.", Watermark.Word).ToException();
        }
    }

    public int Count => watermark.Canaries;

    public IReadOnlyList<Column> Columns => original.Columns;

    public Table Of(ISecretKey key)
    {
        var builders = original.Columns.Select(column => new ColumnBuilder(column.Name)).ToArray();
        for (var canary = 0; canary < Count; canary++)
        {
            using var entropy = Entropy(key, canary);
            string[] values;
            do
                values = Draw(entropy);
            while (rows.Contains(Key(values)));
            for (var i = 0; i < builders.Length; i++)
                builders[i].Append(values[i]);
        }

        return new Table(builders.Select(one => one.Build()));
    }

    /// <summary>The rows with the canaries between them, at places that the key chooses.</summary>
    public Table Mixed(Table marked, ISecretKey key)
    {
        var canaries = Of(key);
        using var entropy = Entropy(key, -1);
        var order = Enumerable.Range(0, marked.Rows).ToList();
        for (var canary = 0; canary < canaries.Rows; canary++)
            order.Insert(entropy.NextBelow(order.Count + 1), -1 - canary);
        return new Table(marked.Columns.Select((column, i) =>
        {
            var builder = new ColumnBuilder(column.Name);
            foreach (var row in order)
                builder.Append(row >= 0 ? column[row] : canaries.Columns[i][-1 - row]);
            return builder.Build();
        }));
    }

    /// <summary>For each row of a table, over the columns that are in it, how likely a draw gives it, at most.</summary>
    public IEnumerable<(string Key, double Chance)> Likelihoods(Table table, IReadOnlySet<string> names)
    {
        var parts = blocks.Select(block => (Columns: block.Columns.Where(column => names.Contains(column.Name)).ToArray(), block.Fresh)).Where(block => block.Columns.Length > 0).ToArray();
        var frequencies = parts.Select(part => part.Fresh ? null : Frequencies(part.Columns)).ToArray();
        for (var row = 0; row < table.Rows; row++)
        {
            var chance = 1.0;
            for (var i = 0; i < parts.Length; i++)
            {
                chance *= frequencies[i] is { } known
                    ? known.GetValueOrDefault(Key(parts[i].Columns.Select(column => table[column.Name][row]))) / (double)original.Rows
                    : FreshChance(table[parts[i].Columns[0].Name][row]);
            }

            yield return (Key(original.Columns.Where(column => names.Contains(column.Name)).Select(column => table[column.Name][row])), chance);
        }
    }

    public static string Key(Table table, int row) => Key(table.Columns.Select(column => column[row]));

    /// <summary>A separator that is in no value of a file of text.</summary>
    public static string Key(IEnumerable<string> values) => string.Join('\u001f', values);

    public static byte[] Bytes(Table table, int row) => Encoding.UTF8.GetBytes(Key(table, row));

    public static byte[] Salt(KeyUse use, ISecretKey key, int canary)
    {
        var salt = new byte[Commitment.SaltSize];
        key.Mac(use.Suite.Mac, Label("salt"u8, canary), salt);
        return salt;
    }

    private static Dictionary<string, int> Frequencies(Column[] columns)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var row = 0; row < columns[0].Rows; row++)
        {
            var key = Key(columns.Select(column => column[row]));
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        return counts;
    }

    private static byte[] Label(ReadOnlySpan<byte> what, int number)
    {
        var label = new byte[what.Length + 4];
        what.CopyTo(label);
        BinaryPrimitives.WriteInt32BigEndian(label.AsSpan(what.Length), number);
        return label;
    }

    private SeededEntropy Entropy(ISecretKey key, int canary)
    {
        Span<byte> seed = stackalloc byte[MacFunction.Size];
        key.Mac(watermark.Key.Suite.Mac, Label("canary"u8, canary), seed);
        return new SeededEntropy(seed);
    }

    private string[] Draw(IEntropy entropy)
    {
        var drawn = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (columns, fresh) in blocks)
        {
            var row = entropy.NextBelow(original.Rows);
            foreach (var column in columns)
                drawn.Add(column.Name, fresh ? Fresh(column[row], entropy) : column[row]);
        }

        return [.. original.Columns.Select(column => drawn[column.Name])];
    }

    private static string Fresh(string like, IEntropy entropy)
    {
        if (IdNumberEncryption.IsValid(like))
        {
            var number = like[..14] + entropy.NextBelow(1000).ToString("000", CultureInfo.InvariantCulture);
            return number + IdNumberEncryption.Check(number);
        }

        return string.Create(like.Length, (like, entropy), static (text, state) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = state.like[i] switch
                {
                    >= '0' and <= '9' => (char)('0' + state.entropy.NextBelow(10)),
                    >= 'a' and <= 'z' => (char)('a' + state.entropy.NextBelow(26)),
                    >= 'A' and <= 'Z' => (char)('A' + state.entropy.NextBelow(26)),
                    var other => other,
                };
            }
        });
    }

    /// <summary>A bound: each digit or letter that is drawn anew fits with a chance of at most 1 in 10, the sequence of an ID number with 1 in 1,000.</summary>
    private static double FreshChance(string value) => IdNumberEncryption.IsValid(value) ? 1e-3 : Math.Pow(10, -value.Count(char.IsAsciiLetterOrDigit));
}

/// <summary>Looks for canaries in a leaked part.</summary>
internal sealed class CanaryMatches
{
    private readonly CanaryRows canaries;
    private readonly HashSet<string> leaked = new(StringComparer.Ordinal);
    private readonly HashSet<string> names;
    private readonly double chance;

    public CanaryMatches(CanaryRows canaries, Table part)
    {
        this.canaries = canaries;
        names = [.. canaries.Columns.Select(column => column.Name).Where(name => part.Find(name) is not null)];
        foreach (var (key, likelihood) in canaries.Likelihoods(part, names))
        {
            // Twice: a draw is repeated where it is a row of the table, which happens at most every second time.
            if (leaked.Add(key))
                chance += 2 * likelihood;
        }
    }

    /// <summary>How many canaries of a key are there, and a bound on the chance of as many for a key that has nothing to do with it: (C·q)^m / m! for C canaries that each hit with chance q.</summary>
    public (int Hits, double Chance) For(ISecretKey key)
    {
        var rows = canaries.Of(key);
        var hits = Enumerable.Range(0, rows.Rows).Select(row => CanaryRows.Key(canaries.Columns.Where(column => names.Contains(column.Name)).Select(column => rows[column.Name][row])))
            .Distinct(StringComparer.Ordinal).Count(leaked.Contains);
        var bound = 1.0;
        for (var m = 1; m <= hits; m++)
            bound *= canaries.Count * chance / m;
        return (hits, Math.Clamp(bound, 1e-300, 1));
    }
}
