using CityHub.Sharing.Accountability;
using CityHub.Sharing.OpenData.Tracker;
using CityHub.Sharing.Parties;

namespace CityHub.Server.Sharing;

/// <summary>Looks as a national Data Tracker asks for them.</summary>
internal sealed class TrackedLooks(WhoLooked looks, IParties parties, DateTimeOffset since) : IWhoLooked
{
    public DateTimeOffset Since { get; } = since;

    public IReadOnlyList<Usage> Of(string subject, DateTimeOffset? from, DateTimeOffset? to, int offset, int limit) => [.. Found(subject, from, to).Skip(offset).Take(limit)];

    public int Count(string subject, DateTimeOffset? from, DateTimeOffset? to) => Found(subject, from, to).Count();

    private IEnumerable<Usage> Found(string subject, DateTimeOffset? from, DateTimeOffset? to)
    {
        for (long after = 0; ;)
        {
            var page = looks.Of(subject, after, WhoLooked.MostLooks);
            foreach (var look in page)
            {
                if (from is { } first && look.At < first)
                    yield break;
                if (to is null || look.At < to)
                    yield return new Usage(look.At, $"{look.PurposeInWords.Zh} · {look.DatasetTitle.Zh}", look.Receiver, parties.Find(look.Receiver)?.Name.Zh ?? look.Receiver, "cityhub", look.Position);
            }

            if (page.Count < WhoLooked.MostLooks)
                yield break;
            after = page[^1].Position;
        }
    }
}
