using System.Collections.Frozen;
using System.Security.Cryptography;
using CityHub.Http;

namespace CityHub.Server.Pages;

/// <summary>A file that is built into the executable.</summary>
internal sealed record Resource(string Name, byte[] Bytes, string ETag)
{
    /// <summary>All files under a folder such as <c>problems/</c>, by what follows it.</summary>
    public static FrozenDictionary<string, Resource> Folder(string folder)
    {
        var assembly = typeof(Resource).Assembly;
        var found = new Dictionary<string, Resource>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames())
        {
            if (!name.StartsWith(folder, StringComparison.Ordinal) || assembly.GetManifestResourceStream(name) is not { } stream)
                continue;
            using (stream)
            {
                var bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                found[name[folder.Length..]] = new Resource(name[folder.Length..], bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\"");
            }
        }

        return found.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public Task WriteAsync(HttpContext http, string contentType, string? policy = null)
    {
        http.Response.Headers.ETag = ETag;
        http.Response.Headers.CacheControl = "no-cache";
        if (http.Request.Headers.IfNoneMatch == ETag)
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        return PageWriter.WriteAsync(http, Bytes, contentType, policy);
    }
}
