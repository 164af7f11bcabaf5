using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using CityHub.Server.CommandLine;

namespace CityHub.Server;

/// <summary>The contexts that an operator lays in a folder for a hub without a network: NAME.jsonld, and its URL in NAME.url.</summary>
internal static class ContextFolder
{
    /// <returns>Null when every context in the folder is known to the store from now on.</returns>
    public static Problem? Supply(string folder, ContextStore contexts)
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*.jsonld").Order(StringComparer.Ordinal))
            {
                var beside = Path.ChangeExtension(file, ".url");
                if (!File.Exists(beside))
                    return Wrong(file, $"there is no {Path.GetFileName(beside)} beside it that says its URL");
                var url = File.ReadAllText(beside).Trim();
                if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                    return Wrong(beside, $"\"{url}\" is no http or https URL");
                if (!contexts.Supply(url, File.ReadAllBytes(file)).TryGet(out _, out var problem))
                    return Wrong(file, problem.Detail);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Wrong(folder, e.Message);
        }
    }

    private static Problem Wrong(string what, string why) =>
        UsageProblems.BadConfiguration.Because($"contexts.folder: {what} cannot be used: {why}", "The folder holds contexts as NAME.jsonld, each with its URL as the only line of NAME.url.");
}
