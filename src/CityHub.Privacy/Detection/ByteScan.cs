using System.Numerics;
using System.Runtime.CompilerServices;
using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>
/// The scan of one stretch of bytes. A vector pass finds candidates (digits, @, colons); at each the longest run that could be a datum is read once and handed to the rules of its length.
/// Every look to the left ends at what was consumed before, or after a fixed number of bytes: that is the linear bound.
/// </summary>
internal ref partial struct ByteScan
{
    private readonly ReadOnlySpan<byte> text;
    private readonly Span<long> counts;
    private readonly List<ByteFinding>? list;
    private readonly Span<char> chars;
    private readonly Span<byte> bytes;
    private int consumed, taken, mails, houses;

    /// <param name="counts">One for each detector.</param>
    /// <param name="list">Where findings go; null where only the counts are wanted.</param>
    /// <param name="chars">Room for two cells.</param>
    /// <param name="bytes">Room for a cell and for the capitals of a word.</param>
    public ByteScan(ReadOnlySpan<byte> text, Span<long> counts, List<ByteFinding>? list, Span<char> chars, Span<byte> bytes)
    {
        this.text = text;
        this.counts = counts;
        this.list = list;
        this.chars = chars;
        this.bytes = bytes;
    }

    public long Found { get; private set; }

    /// <summary>Bytes read outside of the vector pass.</summary>
    public long Work { get; private set; }

    public ScanState State
    {
        readonly get => new(consumed, taken, mails, houses);
        set => (consumed, taken, mails, houses) = value;
    }

    private readonly Span<byte> Capitals => bytes[(2 * Cell.Longest)..];

    /// <summary>Looks at the candidates in [from, to); what they begin or end may reach beyond.</summary>
    public void Run(int from, int to)
    {
        for (var block = Math.Max(from, consumed); block < to; block += 64)
        {
            var hits = block + 66 <= text.Length ? Candidates.Of(text, block) : Candidates.Tail(text, block);
            if (to - block < 64)
                hits &= (1UL << (to - block)) - 1;
            while (hits != 0)
            {
                var at = block + BitOperations.TrailingZeroCount(hits);
                if (at >= consumed)
                    Look(at);
                var done = Math.Max(consumed, at + 1) - block;
                hits = done >= 64 ? 0 : hits & (ulong.MaxValue << done);
            }
        }
    }

    private void Look(int at)
    {
        switch (text[at])
        {
            case (byte)'@':
                TryMail(at);
                break;
            case (byte)':' or 0xEF:
                TryLabel(at);
                break;
            default:
                LookAtDigits(at);
                break;
        }
    }

    private void LookAtDigits(int start)
    {
        var before = consumed;
        var end = start + 1;
        while (end < text.Length && IsDigit(text[end]))
            end++;
        consumed = end;
        Work += end - start;
        var previous = ByteAt(start - 1);
        var next = ByteAt(end);
        // The rest of a run that was too long for the stretch before.
        if (IsDigit(previous))
            return;
        if (IsLetter(previous) || IsLetter(next))
        {
            LookAtWord(start, end, before);
            return;
        }

        var length = end - start;
        if (next == '@' && TryMail(end))
            return;
        if (length >= 10)
        {
            if (length <= 20)
                LookAtNumber(start, end);
        }
        else if (next is (byte)' ' or (byte)'-' or (byte)')' && length is 3 or 4 or 6)
        {
            if (TryGroups(start, end, next))
                return;
        }

        if (length <= 4 && (next == ':' || previous == ':') && TryColons(start, end, before))
            return;
        if (length <= 3 && next == '.')
            TryDots(start, end);
        else if (previous >= 0x80 && length is >= 4 and <= 8 && (previous is 0xB7 or 0xA2 or 0xAC or 0xBF || length <= 6))
            TryAfterHan(start, end);
        if ((next == '-' || previous == '-') && !TryHyphens(start, end) && next == '-')
            TryAbroad(start, end);
        if (next is 0xE5 or 0xE6 && length <= 6)
            TryHouse(start, end);
    }

    /// <summary>A run of digits that nothing of a number stands beside, by its length.</summary>
    private void LookAtNumber(int start, int end)
    {
        // A fraction is no number of anything.
        if ((ByteAt(start - 1) == '.' && IsDigit(ByteAt(start - 2))) || (ByteAt(end) == '.' && IsDigit(ByteAt(end + 1))))
            return;
        var found = Number(text[start..end], out var skip);
        if (found is not null)
            Take(found, start + skip, end);
    }

    private static Detector? Number(ReadOnlySpan<byte> s, out int skip)
    {
        skip = 0;
        switch (s.Length)
        {
            case 10:
                return Telephones.IsService(s) ? Detectors.ServiceNumber : Landline(s);
            case 11:
                return s[0] == '1' ? (Telephones.IsMobile(s) ? Detectors.Mobile : null) : Landline(s);
            case 12:
                return Landline(s);
            case 13:
                if (s[0] == '8' && s[1] == '6' && Telephones.IsMobile(s[2..]))
                {
                    skip = 2;
                    return Detectors.Mobile;
                }

                // 14x would take every time stamp in milliseconds of the years 2014 to 2017 with it; a column may still be of them.
                return s[2] == '6' && Telephones.IsMachine(s) ? Detectors.MachineNumber : null;
            case 14:
                return CardNumbers.IsInternational(s) ? Detectors.CreditCard : null;
            case 15:
                if (s.StartsWith("0086"u8) && Telephones.IsMobile(s[4..]))
                {
                    skip = 4;
                    return Detectors.Mobile;
                }

                return CardNumbers.IsImsi(s) ? Detectors.Imsi
                    : IdentityNumbers.IsOldResident(s) ? Detectors.OldResidentId
                    : CardNumbers.IsImei(s) ? Detectors.Imei
                    : CardNumbers.IsInternational(s) ? Detectors.CreditCard : null;
            case 18:
                // Credit codes that begin with 6 are those of travel agencies abroad; the bank cards that do are many.
                return s[0] == '6' && !IdentityNumbers.IsResident(s) ? Card(s) ?? Id(s) : Id(s) ?? Card(s);
            case 16 or 17:
                return Card(s);
            case 19 or 20:
                return s[0] == '8' && CardNumbers.IsIccid(s) ? Detectors.Iccid : s.Length == 19 ? Card(s) : null;
            default:
                return null;
        }
    }

    /// <summary>Eighteen characters in capitals.</summary>
    private static Detector? Id(ReadOnlySpan<byte> s) =>
        IdentityNumbers.IsResident(s) ? Detectors.ResidentId
        : s[0] == '8' && IdentityNumbers.IsResidencePermit(s) ? Detectors.ResidencePermit
        : s[0] == '9' && IdentityNumbers.IsForeignPermanent(s) ? Detectors.ForeignPermanentId
        : OrganisationCodes.IsCreditCode(s) ? Detectors.CreditCode : null;

    private static Detector? Card(ReadOnlySpan<byte> s) => CardNumbers.IsBank(s) ? Detectors.BankCard : CardNumbers.IsInternational(s) ? Detectors.CreditCard : null;

    private static Detector? Landline(ReadOnlySpan<byte> s) => Telephones.IsLocal(s) ? Detectors.Landline : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly byte ByteAt(int at) => (uint)at < (uint)text.Length ? text[at] : (byte)0;

    private void Take(Detector detector, int start, int end)
    {
        counts[detector.Index]++;
        Found++;
        list?.Add(new ByteFinding(detector, start, end - start));
        taken = end;
        consumed = Math.Max(consumed, end);
    }
}
