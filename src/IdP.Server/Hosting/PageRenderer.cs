using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.Razor;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace IdP.Server.Hosting;

/// <summary>Draws a view in place, from middleware or an endpoint: errors, form_post, signed out. Nothing is redirected to, so the address stays what the person asked for.</summary>
internal sealed class PageRenderer(IRazorViewEngine engine, IModelMetadataProvider metadata, ITempDataProvider noTempData)
{
    /// <param name="viewPath">From the project's folder: "/Connect/FormPost.cshtml".</param>
    public async Task RenderAsync(HttpContext http, string viewPath, object view, int status)
    {
        var found = engine.GetView(executingFilePath: null, viewPath, isMainPage: true);
        if (found.View is not { } page)
            throw new InvalidOperationException($"There is no view at '{viewPath}'.");

        var html = new StringBuilder();
        await using (var writer = new StringWriter(html))
        {
            var context = new ActionContext(http, http.GetRouteData(), new ActionDescriptor());
            var data = new ViewDataDictionary(metadata, context.ModelState) { Model = view };
            await page.RenderAsync(new ViewContext(context, page, data, new TempDataDictionary(http, noTempData), writer, new HtmlHelperOptions()));
        }

        // Only now: if drawing fails, the caller can still answer with something else.
        var body = Encoding.UTF8.GetBytes(html.ToString());
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}

/// <summary>Pages here keep nothing between requests; the framework's own keeper would need keys and a cookie.</summary>
internal sealed class NoTempData : ITempDataProvider
{
    public IDictionary<string, object> LoadTempData(HttpContext context) => new Dictionary<string, object>();

    public void SaveTempData(HttpContext context, IDictionary<string, object> values)
    {
    }
}
