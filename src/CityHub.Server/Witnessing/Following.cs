using CityHub.Core.Problems;
using CityHub.Ledger;
using CityHub.Server.CommandLine;

namespace CityHub.Server.Witnessing;

/// <summary>What mirror and monitor read of their command lines alike.</summary>
internal static class Following
{
    public static Result<Uri> Address(string? text)
    {
        if (text is null)
            return UsageProblems.BadCommandLine.Because("--from is missing: where is the log?", "Its address, below which are checkpoint and tile/: https://city.example/ledger");
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : UsageProblems.BadCommandLine.Because($"--from is {text}; it takes an address of http or https.");
    }

    /// <summary>The keys of exactly one log.</summary>
    public static Result<IReadOnlyList<VerifierKey>> OneLog(VerbCall call, string option)
    {
        if (!LogList.Read(call.All(option), call.Surroundings.PathOf).TryGet(out var keys, out var problem))
            return problem;
        if (keys.Count == 0)
            return UsageProblems.BadCommandLine.Because($"{option} is missing: the log's verifier key, or a file with it.");
        if (keys.Any(one => one.Name != keys[0].Name || one.Hash != keys[0].Hash))
            return WitnessProblems.LogUnusable.Because($"These are keys of more than one log: {string.Join(", ", keys.Select(one => one.Name).Distinct())}.", "One process follows one log.");
        return keys.ToArray();
    }

    /// <summary>No redirects to elsewhere, no cookies; a file may come packed.</summary>
    public static HttpClient Client() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = System.Net.DecompressionMethods.GZip,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };
}
