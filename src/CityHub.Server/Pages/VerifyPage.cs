using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace CityHub.Server.Pages;

/// <summary>
/// <c>/verify</c>: one file that checks receipts and evidence bundles in a browser, from the hub or from a disk, without a network. The browser is told to run this one script
/// and to load nothing: by the page itself, so that a saved page is as strict as a served one.
/// </summary>
internal static class VerifyPage
{
    private static readonly string[] Scripts = ["verify/crypto.js", "verify/gm.js", "verify/ledger.js", "verify/policy.js", "verify/bundle.js", "verify/page.js"];

    /// <param name="Policy">The Content-Security-Policy, which names the script and the style by their hashes.</param>
    public sealed record Page(Resource File, string Policy);

    public static Page Write(FrozenDictionary<string, Resource> assets)
    {
        var script = string.Concat(Scripts.Select(Text));
        var style = Text("cityhub.css") + Text("verify/page.css");
        var policy = $"default-src 'none'; script-src '{Hash(script)}'; style-src '{Hash(style)}'; img-src data:; form-action 'none'; base-uri 'none'";
        var html = new StringBuilder(Text("verify/page.html"))
            .Replace("{csp}", policy).Replace("{icon}", Convert.ToBase64String(assets["icon.svg"].Bytes)).Replace("{style}", style).Replace("{script}", script);
        var bytes = Encoding.UTF8.GetBytes(html.ToString());
        return new Page(new Resource("verify.html", bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\""), policy);

        // A browser hashes what stands between the tags, with newlines alone.
        string Text(string name) => Encoding.UTF8.GetString(assets[name].Bytes).Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    private static string Hash(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
}
