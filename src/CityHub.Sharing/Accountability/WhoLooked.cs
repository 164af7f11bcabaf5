using System.Globalization;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;

namespace CityHub.Sharing.Accountability;

/// <summary>本人可见记录: one time that somebody was given rows, or an answer, about a person.</summary>
/// <param name="Position">Of the act in which the person stands: the receipt that proves it, and where the next page goes on.</param>
/// <param name="Opening">Of the act that opened the release.</param>
/// <param name="Receiver">Department.</param>
/// <param name="Purpose">Code.</param>
/// <param name="PurposeInWords">For the person who asks.</param>
/// <param name="Item">Of the responsibility list.</param>
public sealed record Look(
    long Position, long Opening, DateTimeOffset At, string Receiver, string Purpose, Words PurposeInWords, string Dataset, Words DatasetTitle, string Provider, string Grant, string? Item, string Basis, string Mode, string? Case);

/// <summary>Who looked at my data, why, and under which item: from the log itself, so that it shows what was recorded before the rows left and nothing else.</summary>
/// <param name="inWords">A purpose as people say it.</param>
internal sealed class WhoLooked(IActs acts, IFactLog log, ICatalogue catalogue, Func<string, Words> inWords)
{
    public const int MostLooks = 1000;

    /// <param name="subject">The person, as datasets name him.</param>
    /// <param name="after">Position of the last look of the page before; 0: from the newest on.</param>
    public IReadOnlyList<Look> Of(string subject, long after, int limit)
    {
        var (looks, before) = (new List<Look>(), after > 0 ? after : long.MaxValue);
        limit = Math.Clamp(limit, 1, MostLooks);
        while (looks.Count < limit)
        {
            var page = acts.Newest(subject, before, limit).ToList();
            foreach (var act in page)
                if (looks.Count < limit && LookOf(act) is { } look)
                    looks.Add(look);
            if (page.Count < limit)
                break;
            before = page[^1].Position;
        }

        return looks;
    }

    private Look? LookOf(SubjectAct act)
    {
        switch (act.Type)
        {
            case ReleaseActs.Opened or ReleaseActs.Own:
                using (var what = JsonDocument.Parse(act.What))
                    return LookOf(act, act.Position, what.RootElement);
            case ReleaseActs.Seen:
                using (var seen = JsonDocument.Parse(act.What))
                    return Opened(act, seen.RootElement.GetProperty("opening"u8).GetInt64());
            default:
                return null;
        }
    }

    private Look? Opened(SubjectAct act, long opening)
    {
        foreach (var fact in log.Read(opening - 1))
        {
            using var payload = JsonDocument.Parse(fact.Payload);
            return fact.Position == opening && fact.Type == ReleaseActs.Opened ? LookOf(act, opening, payload.RootElement.GetProperty("what"u8)) : null;
        }

        return null;
    }

    private Look LookOf(SubjectAct act, long opening, JsonElement what)
    {
        var (dataset, purpose) = (Text(what, "dataset") ?? "", Text(what, "purpose") ?? "");
        return new Look(
            act.Position, opening, act.At, Text(what, "receiver") ?? "", purpose, inWords(purpose), dataset, catalogue.Find(dataset)?.Title ?? new Words(dataset, dataset), Text(what, "provider") ?? "",
            Text(what, "grant") ?? "", Text(what, "item"), Text(what, "basis") ?? "", Text(what, "mode") ?? "", Text(what, "case"));
    }

    private static string? Text(JsonElement what, string name) => what.TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>For a page or a program: what a person reads, with the address of the receipt.</summary>
    public static void Write(Utf8JsonWriter json, Look look)
    {
        json.WriteStartObject();
        json.WriteString("at"u8, CityHub.Http.RoomHttp.Time(look.At));
        json.WriteString("receiver"u8, look.Receiver);
        json.WriteString("purpose"u8, look.Purpose);
        json.WriteString("purposeZh"u8, look.PurposeInWords.Zh);
        json.WriteString("purposeEn"u8, look.PurposeInWords.En);
        json.WriteString("dataset"u8, look.Dataset);
        json.WriteString("titleZh"u8, look.DatasetTitle.Zh);
        json.WriteString("titleEn"u8, look.DatasetTitle.En);
        json.WriteString("provider"u8, look.Provider);
        json.WriteString("grant"u8, look.Grant);
        if (look.Item is { } item)
            json.WriteString("item"u8, item);
        json.WriteString("basis"u8, look.Basis);
        json.WriteString("mode"u8, look.Mode);
        if (look.Case is { } matter)
            json.WriteString("case"u8, matter);
        json.WriteNumber("position"u8, look.Position);
        json.WriteString("receipt"u8, string.Create(CultureInfo.InvariantCulture, $"/ledger/receipts/{look.Position}"));
        json.WriteEndObject();
    }
}
