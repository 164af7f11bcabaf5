using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CityHub.Privacy;

/// <summary>What a line of a <see cref="BudgetLedger"/> says.</summary>
internal enum BudgetAct
{
    /// <summary>The limit of an account is this from now on; what is spent stays spent.</summary>
    Grant,

    Reserve,

    /// <summary>The release of a reservation was made.</summary>
    Commit,
}

/// <summary>
/// A line of a <see cref="BudgetLedger"/>: JSON that ends in a checksum, SHA-256 over the checksum of the line before and the line itself up to there. So a line that was changed,
/// moved or taken out from between is noticed.
/// </summary>
/// <param name="Of">The reservation that a commit is about; otherwise its own number.</param>
internal sealed record BudgetEntry(long Number, DateTimeOffset At, BudgetAct Act, BudgetAccount Account, PrivacyCost Cost, string What, long Of)
{
    public const int SumLength = SHA256.HashSizeInBytes;

    private static readonly string[] Acts = ["grant", "reserve", "commit"];
    private static readonly byte[] Tail = ",\"sum\":\""u8.ToArray();

    /// <summary>With the line feed. <paramref name="sum"/> is that of the line before, and becomes that of this one.</summary>
    public byte[] Write(Span<byte> sum)
    {
        var into = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(into))
        {
            json.WriteStartObject();
            json.WriteNumber("n", Number);
            json.WriteString("at", At.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("act", Acts[(int)Act]);
            json.WriteString("dataset", Account.Dataset);
            json.WriteString("purpose", Account.Purpose);
            json.WriteString("receiver", Account.Receiver);
            json.WriteString("cost", Cost.ToString());
            json.WriteString("what", What);
            json.WriteNumber("of", Of);
            json.WriteEndObject();
        }

        var body = into.WrittenSpan[..^1];
        Next(sum, body);
        return [.. body, .. Tail, .. Encoding.ASCII.GetBytes(Convert.ToHexStringLower(sum)), .. "\"}\n"u8];
    }

    /// <summary>Reads a line without its line feed. Null where the checksum is not the one that follows on <paramref name="sum"/>, or it says nothing that is known.</summary>
    public static BudgetEntry? Read(ReadOnlySpan<byte> line, Span<byte> sum)
    {
        var end = (SumLength * 2) + 2; // hex digits, quote, brace
        var body = line.Length - end - Tail.Length;
        if (body < 0 || !line[^2..].SequenceEqual("\"}"u8) || !line[body..^end].SequenceEqual(Tail))
            return null;
        Span<byte> next = stackalloc byte[SumLength];
        sum.CopyTo(next);
        Next(next, line[..body]);
        Span<byte> hex = stackalloc byte[SumLength * 2];
        if (!Convert.TryToHexStringLower(next, hex, out _) || !line[^end..^2].SequenceEqual(hex))
            return null;
        next.CopyTo(sum);
        return Parse(line);
    }

    private static void Next(Span<byte> sum, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(sum);
        hash.AppendData(body);
        hash.GetHashAndReset(sum);
    }

    private static BudgetEntry? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            long number = 0, of = 0;
            string at = "", act = "", dataset = "", purpose = "", receiver = "", cost = "", what = "";
            var json = new Utf8JsonReader(line);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.GetString();
                json.Read();
                switch (name)
                {
                    case "n": number = json.GetInt64(); break;
                    case "of": of = json.GetInt64(); break;
                    case "at": at = json.GetString() ?? ""; break;
                    case "act": act = json.GetString() ?? ""; break;
                    case "dataset": dataset = json.GetString() ?? ""; break;
                    case "purpose": purpose = json.GetString() ?? ""; break;
                    case "receiver": receiver = json.GetString() ?? ""; break;
                    case "cost": cost = json.GetString() ?? ""; break;
                    case "what": what = json.GetString() ?? ""; break;
                    case "sum": break;
                    default: return null; // written by a later version, which may mean something by it
                }
            }

            var known = Array.IndexOf(Acts, act);
            return known < 0 ? null : new BudgetEntry(
                number, DateTimeOffset.Parse(at, CultureInfo.InvariantCulture), (BudgetAct)known, new BudgetAccount(dataset, purpose, receiver), PrivacyCost.Parse(cost), what, of);
        }
        catch (Exception unreadable) when (unreadable is JsonException or FormatException or InvalidOperationException or PrivacyException)
        {
            return null;
        }
    }
}
