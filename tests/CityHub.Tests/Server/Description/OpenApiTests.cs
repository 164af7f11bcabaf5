using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Server.Description;
using CityHub.Tests.Flows;
using Microsoft.AspNetCore.Authorization;

namespace CityHub.Tests.Server.Description;

public sealed class OpenApiTests
{
    [Fact]
    public async Task The_document_has_every_route_with_its_permission_and_nothing_else()
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var document = JsonDocument.Parse(await hub.Stranger.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken));

        var described = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(o => (Text: $"{o.Name.ToUpperInvariant()} {p.Name}", Operation: o.Value))).ToDictionary(o => o.Text, o => o.Operation, StringComparer.Ordinal);
        var mapped = OpenApi.Operations(hub.Routes).ToList();

        Assert.Equal(mapped.Select(o => $"{o.Method} {o.Path}").Distinct().Order(StringComparer.Ordinal), described.Keys.Order(StringComparer.Ordinal));
        foreach (var (path, method, endpoint) in mapped)
        {
            var operation = described[$"{method} {path}"];
            Assert.True(operation.TryGetProperty("summary", out var summary) && summary.GetString() is { Length: > 0 }, $"{method} {path} has no summary.");
            Assert.NotEqual(0, operation.GetProperty("tags").GetArrayLength());
            var permission = endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy ?? "";
            var security = operation.GetProperty("security");
            Assert.Equal(permission == Permissions.Public ? null : permission, security.GetArrayLength() == 0 ? null : security[0].GetProperty("bearer")[0].GetString());
            // Each place of the path is a parameter.
            foreach (var part in path.Split('/').Where(p => p.StartsWith('{')))
                Assert.Contains(operation.GetProperty("parameters").EnumerateArray(), p => p.GetProperty("name").GetString() == part.Trim('{', '}') && p.GetProperty("in").GetString() == "path");
        }

        var names = described.Values.Select(o => o.TryGetProperty("operationId", out var id) ? id.GetString() : null).OfType<string>().ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
    }

    [Fact]
    public async Task Every_reference_inside_the_document_leads_somewhere()
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var document = JsonDocument.Parse(await hub.Stranger.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken));
        var found = 0;
        Walk(document.RootElement);
        Assert.True(found > 0);

        void Walk(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in element.EnumerateArray())
                    Walk(item);
            }
            else if (element.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in element.EnumerateObject())
                {
                    if (member.Name == "$ref")
                    {
                        found++;
                        var at = document.RootElement;
                        foreach (var step in (member.Value.GetString() ?? "")[2..].Split('/'))
                            Assert.True(at.TryGetProperty(step, out at), $"{member.Value} leads nowhere.");
                    }
                    else
                    {
                        Walk(member.Value);
                    }
                }
            }
        }
    }
}
